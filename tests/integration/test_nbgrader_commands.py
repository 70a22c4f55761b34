"""nbgrader's own commands on a graded class: the same rows, a person's marks kept, feedback that is safe to open."""

import csv
import json
import re
import shutil
from html.parser import HTMLParser

import nbformat
import pytest
from nbgrader.utils import determine_grade
from stock_nbgrader import nbgrader, rows
from tiny_course import SECRET_LOSS, change, copied

from nnkit.kit.cli import main
from nnkit.kit.demo.demo import hand_in
from nnkit.kit.demo.simulated_class import Student
from nnkit.kit.gradebook.rows import gradebook

pytestmark = pytest.mark.slow

STUDENTS = ("ada", "mistaken_1", "boaster", "blank", "late")
SCRIPT = "<script>pwned()</script><img src='x' onerror='pwned()'>"

def with_answer(text, answer, extra):
    """A submission with another answer to the question, and one more code cell at its end."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "zero_why":
            cell.source = answer
    notebook.cells.append(nbformat.v4.new_code_cell(extra))
    return nbformat.writes(notebook)


@pytest.fixture(scope="module")
def by_nbgrader(released, graded_class, tmp_path_factory):
    course = copied(released, tmp_path_factory.mktemp("nbgrader") / "course")
    for name in STUDENTS:
        hand_in(course, "a1", "net", graded_class.students[name])
    done = nbgrader(course, "autograde", "a1")
    assert done.returncode == 0, done.stderr
    return course


@pytest.mark.parametrize("student", STUDENTS)
def test_nbgrader_autograde_gives_the_rows_of_nnkit_grade(by_nbgrader, graded_class, student):
    assert rows(by_nbgrader, student) == rows(graded_class.course, student)


def test_nbgrader_autograde_copies_no_template(by_nbgrader):
    assert list(by_nbgrader.root.glob("autograded/**/*.md")) == []


def test_nbgrader_stops_at_a_broken_course_file(course, graded_class):
    hand_in(course, "a1", "net", graded_class.students["boaster"])
    change(course.root, "course.toml", "percent_per_day = 10", "percent_per_day = -10")
    done = nbgrader(course, "autograde", "a1")
    assert done.returncode == 1
    assert "course.toml, line" in done.stderr
    assert not (course.root / "autograded").exists(), "nothing was run by nbgrader's own means"


@pytest.fixture(scope="module")
def marked(graded_class, tmp_path_factory):
    """A few of the class, with marks and comments by a person, graded again; feedback and marks written."""
    course = copied(graded_class.course, tmp_path_factory.mktemp("marked") / "course")
    for folder in (course.root / "autograded").iterdir():
        if folder.name not in STUDENTS:
            shutil.rmtree(folder)
    display = f"from IPython.display import HTML, Markdown, display\ndisplay(HTML({SCRIPT!r}), Markdown({SCRIPT!r}))"
    text = with_answer(graded_class.students["ada"].text, f"Because {SCRIPT}", display)
    hand_in(course, "a1", "net", Student("scripter", "writes scripts", text))
    give_marks(course)
    given = rows(course, "ada")
    assert main(["--course", str(course.root), "grade", "--student", "ada", "--student", "scripter"]) == 0
    regraded = rows(course, "ada")
    assert main(["--course", str(course.root), "feedback"]) == 0
    assert main(["--course", str(course.root), "export"]) == 0
    return course, given, regraded


def give_marks(course):
    """As formgrader does it."""
    with gradebook(course) as book:
        answer = book.find_grade("zero_why", "net", "a1", "ada")
        answer.manual_score, answer.extra_credit, answer.needs_manual_grade = 2.0, 0.5, False
        overruled = book.find_grade("test_double_forward", "net", "a1", "ada")
        overruled.manual_score, overruled.needs_manual_grade = 3.0, False
        book.find_comment("zero_why", "net", "a1", "ada").manual_comment = "Nicely put."
        book.db.commit()


def by_person(found):
    return [(name, manual, extra) for name, _, manual, extra, _, _ in found["grades"]], found["comments"]


def test_a_persons_marks_survive_nnkit_grade(marked):
    _, given, regraded = marked
    assert by_person(regraded) == by_person(given)
    assert regraded["score"] == given["score"] == 14 - 4 + 3 + 2 + 0.5


def test_a_persons_marks_survive_nbgrader_autograde(by_nbgrader):
    give_marks(by_nbgrader)
    given = rows(by_nbgrader, "ada")
    done = nbgrader(by_nbgrader, "autograde", "a1", "--student", "ada", "--force")
    assert done.returncode == 0, done.stderr
    assert by_person(rows(by_nbgrader, "ada")) == by_person(given)


def page(marked, student):
    return marked[0].feedback(student, "a1", "net").read_text(encoding="utf-8")


def test_feedback_tells_message_and_hint_in_a_table(marked):
    text = page(marked, "mistaken_1")
    for part in ("<table", "with secret sizes", "Twice any input.", "You multiplied by three."):
        assert part in text


def test_feedback_shows_a_persons_comment(marked):
    assert "Nicely put." in page(marked, "ada")


# Of the hidden tests: names, docstrings, comments, code, where they are. Then what only assistants see.
SECRETS = (
    *("SECRET_SIZES", "oracle_of_doubling", "Secretly larger", "hidden one uses", "secret ingredient"),
    *("Shared by public", "Sizes come from", "tests/graders", "assert_close"),
    *("MARK SCHEME", "3 points for"),
)


def secrets_in(text):
    """Every known secret in a text, an expected value in any notation of six digits and more included."""
    found = [secret for secret in SECRETS if secret in text]
    numbers = (float(number) for number in re.findall(r"\d+\.\d{3,}(?:e[-+]?\d+)?", text))
    return found + [number for number in numbers if f"{number:.6g}" == f"{SECRET_LOSS:.6g}"]


@pytest.mark.parametrize("student", [*STUDENTS, "scripter"])
def test_feedback_shows_no_hidden_test(marked, student):
    assert secrets_in(page(marked, student)) == []


def without_what_is_for_instructors(text):
    """A record without the fields that no page shows."""
    record = json.loads(text)
    for test in (test for item in record["items"] for test in item["tests"]):
        del test["private"], test["fault"]
    return json.dumps(record | {"fault": ""}, ensure_ascii=False)


def test_no_graded_notebook_holds_a_hidden_test_nor_does_what_a_record_says_to_students(graded_class):
    """Of nobody in the class, whatever went wrong in their code."""
    course = graded_class.course
    shown = {course.autograded: str, course.records: without_what_is_for_instructors}
    paths = {place(student, "a1", "net"): place for student in graded_class.students for place in shown}
    found = {
        path: secrets_in(shown[place](path.read_text(encoding="utf-8")))
        for path, place in paths.items()
        if path.exists()
    }
    assert len(found) > len(graded_class.students)
    assert {path: secrets for path, secrets in found.items() if secrets} == {}


def test_feedback_shows_no_model_answer(marked):
    text = page(marked, "blank")
    assert "emptiness" not in text
    assert "np.add(x, x)" not in text


class Executable(HTMLParser):
    """Collects what a browser would run: scripts, event handlers, javascript links."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], False

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "script"
        self.found += [value or "" for name, value in attributes if name.startswith("on") or name in ("src", "href")]

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "script"

    def handle_data(self, data):
        if self.inside:
            self.found.append(data)


def test_feedback_runs_no_script_of_a_students(marked):
    text = page(marked, "scripter")
    assert "Because" in text, "the answer itself is shown"
    parser = Executable()
    parser.feed(text)
    assert [code for code in parser.found if "pwned" in code] == []


def exported(path):
    with path.open(newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_export_gives_the_marks_of_the_records_less_the_late_penalty(marked, graded_class):
    table = exported(marked[0].root / "grades.csv")
    for name in ("mistaken_1", "boaster", "blank", "late"):
        record, row = graded_class.records[name], table[name]
        late = 0.2 * record.score if name == "late" else 0.0
        assert float(row["raw_score"]) == record.score
        assert float(row["late_submission_penalty"]) == pytest.approx(late)
        assert float(row["score"]) == pytest.approx(record.score - late)
        assert float(row["max_score"]) == record.max_score


def test_nbgrader_export_gives_the_table_of_nnkit_export(marked, tmp_path):
    done = nbgrader(marked[0], "export", f"--to={tmp_path / 'grades.csv'}")
    assert done.returncode == 0, done.stderr
    assert exported(tmp_path / "grades.csv") == exported(marked[0].root / "grades.csv")


@pytest.fixture(scope="module")
def broken_grader(released, graded_class, tmp_path_factory):
    """The only submission is right; a hidden test of one item breaks by itself."""
    course = copied(released, tmp_path_factory.mktemp("broken") / "course")
    secretly = '    """Secretly larger."""\n'
    change(course.root, "tests/graders/a1/test_net.py", secretly, secretly + "    {}['no such key']\n")
    hand_in(course, "a1", "net", graded_class.students["ada"])
    status = main(["--course", str(course.root), "grade", "--quick"])
    return course, status


def test_a_broken_grader_asks_for_a_person_and_gives_no_zero(broken_grader):
    course, _ = broken_grader
    with gradebook(course) as book:
        grade = book.find_grade("test_double_forward", "net", "a1", "ada")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)


def test_a_broken_grader_is_said_in_the_record_and_by_the_exit_status(broken_grader):
    course, status = broken_grader
    text = course.records("ada", "a1", "net").read_text()
    assert status == 1
    assert '"status": "grader_error"' in text
    assert '"verdict": "grader_error"' in text


def test_a_broken_grader_is_told_to_the_instructor_with_exception_file_and_line(broken_grader):
    course, _ = broken_grader
    tests = json.loads(course.records("ada", "a1", "net").read_text())["items"][0]["tests"]
    (fault,) = [test["fault"] for test in tests if test["fault"]]
    text = (course.root / "tests/graders/a1/test_net.py").read_text().split("\n")
    line = 1 + next(index for index, each in enumerate(text) if "no such key" in each)
    assert fault == f"KeyError: 'no such key' (a1/test_net.py, line {line})"


def test_a_student_reads_nothing_of_how_a_grader_broke(broken_grader):
    course, _ = broken_grader
    page = course.autograded("ada", "a1", "net").read_text()
    assert "broke by itself" in page
    assert "no such key" not in page
    assert "test_net.py" not in page


def test_a_broken_grader_costs_other_items_nothing(broken_grader):
    course, _ = broken_grader
    with gradebook(course) as book:
        assert book.find_grade("test_Net", "net", "a1", "ada").auto_score == 6


# nbgrader 0.9, as it is: what the result cells that we write have to avoid.


def stock_cell(*outputs):
    about = {"grade_id": "test_x", "grade": True, "solution": False, "locked": True, "points": 4, "schema_version": 3}
    cell = nbformat.v4.new_code_cell("", metadata={"nbgrader": {**about, "task": False}})
    cell.outputs = list(outputs)
    return cell


def result(text):
    return nbformat.v4.new_output("execute_result", {"text/plain": text}, execution_count=1)


def stderr(text="a warning"):
    return nbformat.v4.new_output("stream", name="stderr", text=text)


def test_stock_nbgrader_gives_nothing_for_stderr():
    assert determine_grade(stock_cell(stderr())) == (0, 4)


def test_stock_nbgrader_gives_full_marks_for_a_numpy_number():
    assert determine_grade(stock_cell(result("np.float64(3.0)"))) == (4, 4)


def test_stock_nbgrader_takes_the_first_result():
    assert determine_grade(stock_cell(result("4.0"), result("1.0"))) == (4, 4)


@pytest.mark.parametrize("student", ["ada", "mistaken_1", "boaster", "noisy", "loop"])
def test_stock_nbgrader_reads_our_result_cells_as_the_record_has_them(graded_class, student):
    notebook = nbformat.read(graded_class.course.autograded(student, "a1", "net"), as_version=4)
    items = {f"test_{item.item}": item for item in graded_class.records[student].items}
    read = {
        (about["grade_id"], determine_grade(cell)[0], items[about["grade_id"]].score)
        for cell in notebook.cells
        if (about := cell.metadata.get("nbgrader", {})).get("grade_id") in items
    }
    assert len(read) == 4
    assert all(score == recorded for _, score, recorded in read)
