"""course.toml: what it holds, and that every wrong line is named with its mend."""

import pickle
from pathlib import Path

import pytest

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.course.toml_lines import key_lines, line_of

GOOD = """\
id = "tiny"
title = "A tiny course"
time_zone = "Europe/Berlin"
seed = "s"

[[assignment]]
name = "a1"
title = "First"
due = 2026-03-01T23:59:00
notebooks = [
    "one",
    "two",
]
library = ["nnkit.layers"]

[[assignment]]
name = "a2"
title = "Second"
notebooks = ["three"]
[assignment.late]
free_hours = 12
[assignment.points]
three = 10

[limits]
cell = { cpu_s = 10, wall_s = 20 }
memory_mb = 512
"""


DATA = "[data.cats]\nmodule = 'nnkit.layers'\n"
THRESHOLD = DATA + "[thresholds.one.cats]\n"
TWICE = "[data.dogs]\nmodule='nnkit.layers'\n[thresholds.one]\ncats.val=1\ndogs.val=2"


@pytest.fixture
def root(tmp_path):
    for name in ("a1/one", "a1/two", "a2/three"):
        template = tmp_path / "source" / f"{name}.md"
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text("text\n")
    (tmp_path / "nnkit").mkdir()
    (tmp_path / "nnkit" / "layers.py").write_text("x = 1\n")
    (tmp_path / "course.toml").write_text(GOOD)
    return tmp_path


def complaint(root: Path, old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    (root / "course.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(CourseError) as caught:
        load_course(root)
    return str(caught.value)


def test_settings_are_typed(root):
    course = load_course(root)
    assert course.assignment("a2").late.free_hours == 12
    assert course.limits.cell.wall_s == 20


def test_settings_cannot_be_changed(root):
    with pytest.raises(ValueError, match="frozen"):
        load_course(root).title = "other"


def test_course_is_found_from_a_folder_inside(root, monkeypatch):
    monkeypatch.chdir(root / "source" / "a1")
    assert load_course().root == root


def test_no_course_at_all_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match=r"not found in .* \(go to the course folder"):
        load_course()


def test_due_date_without_offset_is_in_the_course_time_zone(root):
    assert load_course(root).due("a1").isoformat() == "2026-03-01T23:59:00+01:00"


def test_due_date_may_be_text_without_time(root):
    (root / "course.toml").write_text(GOOD.replace("2026-03-01T23:59:00", '"2026-03-01"'))
    assert load_course(root).due("a1").isoformat() == "2026-03-01T23:59:00+01:00"


def test_relative_gradebook_lies_in_the_course_folder(root):
    assert load_course(root).gradebook_url == f"sqlite:///{root}/gradebook.db"


def test_earlier_assignments_come_in_order(root):
    assert [assignment.name for assignment in load_course(root).earlier("a2")] == ["a1"]


def test_course_survives_the_way_to_a_worker_process(root):
    course = pickle.loads(pickle.dumps(load_course(root)))
    assert course.template("a1", "one") == root / "source/a1/one.md"


def test_error_survives_the_way_to_a_worker_process():
    error = CourseError("what", file="course.toml", line=3, mend="mend")
    assert str(pickle.loads(pickle.dumps(error))) == "course.toml, line 3: what (mend)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("memory_mb", "memroy_mb", 'line 27: unknown key "memroy_mb" (did you mean memory_mb?)'),
        ("wall_s", "wal_s", 'line 26: unknown key "wal_s" (did you mean wall_s?)'),
        ('name = "a2"', 'nam = "a2"', 'line 17: unknown key "nam" (did you mean name?)'),
        ("time_zone", "timezone", 'line 3: unknown key "timezone" (did you mean time_zone?)'),
        ("free_hours = 12", 'free_hours = "12"', 'line 21: assignment.late.free_hours = "12": input should be a valid'),
        ("memory_mb = 512", "memory_mb = 0", "line 27: limits.memory_mb = 0: input should be greater than or"),
        ("memory_mb = 512", "processes = 3", "line 27: limits.processes = 3: input should be greater than or"),
        ("memory_mb = 512", "open_files = 8", "line 27: limits.open_files = 8: input should be greater than or"),
        ("memory_mb = 512", "scratch_mb = 0", "line 27: limits.scratch_mb = 0: input should be greater than 0"),
        ("cpu_s = 10", "cpu_s = 0", "line 26: limits.cell.cpu_s = 0: input should be greater than 0"),
        ("2026-03-01T23:59:00", "2026-02-30", "line 9: Invalid date or datetime (there is no such day"),
        ("2026-03-01T23:59:00", '"2026-02-30"', 'line 9: assignment.due = "2026-02-30": day '),
        ("Europe/Berlin", "Europe/Berln", 'line 3: unknown time zone "Europe/Berln" (did you mean Europe/Berlin?)'),
        ('seed = "s"', 'seed = "s"\nrequired_tier = "F"', "line 5: required_tier = \"F\": input should be 'A', 'B'"),
        ("nnkit.layers", "nnkit.layer", 'line 14: there is no module "nnkit.layer" (did you mean nnkit.layers?)'),
        ('"two"', '"too"', 'line 12: notebook "too" has no template source/a1/too.md (did you mean two?)'),
        ('"two"', '"one"', 'line 11: notebook "one" is listed twice in a1 (list it once)'),
        ('name = "a2"', 'name = "a1"', 'line 17: a second assignment is named "a1" (rename one of them)'),
        ("three = 10", "thre = 10", 'line 23: points are stated for "thre", which is no notebook of a2'),
        ('title = "Second"', "title = Second", "line 18: Invalid value (this is not TOML"),
        ('title = "A tiny course"\n', "", 'line 1: "title" is missing (add title = …: what people read'),
        ('name = "a1"', 'name = "a 1"', 'line 7: assignment.name = "a 1": string should match pattern'),
        (
            "memory_mb = 512",
            "[data]\ncats = 'nowhere'",
            'line 28: data.cats = "nowhere": a table is expected ([data.NAME]',
        ),
        ("memory_mb = 512", DATA + "path = 'no'", 'line 29: there is no file or folder "no" (take the line out to use'),
        ("memory_mb = 512", DATA.replace("layers", "layer"), 'line 28: there is no module "nnkit.layer" (did you mean'),
        ("memory_mb = 512", DATA + "files = ['nnkit/no.h5']", 'line 29: there is no data file "nnkit/no.h5" (name a'),
        ("memory_mb = 512", "[data.'c-t']\nmodule='nnkit.layers'", 'line 27: a data set can\'t be called "c-t"'),
        ("memory_mb = 512", "[thresholds.one.cats]\nval=0.1", 'line 27: no data set is named "cats" (add [data.cats])'),
        ("memory_mb = 512", THRESHOLD + "val=true", "line 30: thresholds.one.cats.val = True: a table is expected"),
        (
            "memory_mb = 512",
            THRESHOLD + "val={}",
            "line 30: thresholds.one.cats.val = {}: write a number, { least = … }",
        ),
        ("memory_mb = 512", THRESHOLD + "val={lest=1}", 'line 30: unknown key "lest" (did you mean least?)'),
        ("memory_mb = 512", THRESHOLD + "check=0.1", 'line 30: a measure can\'t be called "check"'),
        ("memory_mb = 512", DATA + TWICE, 'line 33: "val" of one is stated for cats and for dogs, and both are in use'),
        ('id = "tiny"', 'id = "tiny"\npackage = "physlab"', 'line 2: there is no folder "physlab" beside course.toml'),
        (
            'id = "tiny"',
            'id = "tiny"\npackage = "random"',
            'line 2: package = "random": Python itself has a module of that name',
        ),
        ('id = "tiny"', 'id = "tiny"\npackage = "data"', 'line 2: package = "data": a folder beside the package'),
    ],
)
def test_wrong_line_is_named(root, old, new, message):
    assert complaint(root, old, new).startswith(f"course.toml, {message}")


def test_unknown_assignment_is_named_with_the_closest(root):
    with pytest.raises(CourseError, match=r'no assignment is named "a11" \(did you mean a1\?\)'):
        load_course(root).assignment("a11")


def test_lines_of_keys_skip_brackets_inside_strings_and_comments():
    text = 'a = [\n  "]",  # ]\n  "x",\n]\nb = """\nc = 1\n"""\n[t]\nd.e = 2\n[[u]]\n[u.v]\nf = 1\n[[u]]\ng = 1\n'
    assert {path: line for path, line in key_lines(text).items() if len(path) > 0} == {
        ("a",): 1,
        ("b",): 5,
        ("t",): 8,
        ("t", "d"): 9,
        ("t", "d", "e"): 9,
        ("u", 0): 10,
        ("u", 0, "v"): 11,
        ("u", 0, "v", "f"): 12,
        ("u", 1): 13,
        ("u", 1, "g"): 14,
    }


def test_line_of_an_element_is_its_own():
    assert line_of('a = [\n  "x",\n  "y",\n]\n', ("a", 1), "y") == 3


def test_the_course_of_this_repository_is_readable():
    assert load_course(Path(__file__).parents[4], check_files=False).id == "nnkit"


def test_a_course_as_far_as_one_notebook_has_what_came_before_it_and_nothing_else(root):
    course = load_course(root)
    shortened = course.only("a2", "three")
    assert [each.notebooks for each in shortened.assignments] == [("one", "two"), ("three",)]
    assert [each.notebooks for each in course.only("a1", "two").assignments] == [("two",)]
    assert shortened.root == course.root
    with pytest.raises(CourseError, match=r'a1 has no notebook "tow".*did you mean two'):
        course.only("a1", "tow")


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ('["a/table.csv", "b/table.csv"]', '"b/table.csv" would take the place of table.csv in what students receive'),
        ('["a/README.md"]', '"a/README.md" would take the place of README.md in what students receive'),
        ('["a/one.ipynb"]', '"a/one.ipynb" would take the place of one.ipynb in what students receive'),
    ],
)
def test_a_file_for_students_takes_the_place_of_no_other(root, files, what):
    for name in ("a/table.csv", "b/table.csv", "a/README.md", "a/one.ipynb"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    message = complaint(root, 'library = ["nnkit.layers"]', f"files = {files}")
    assert message.startswith(f"course.toml, line 14: {what}")
