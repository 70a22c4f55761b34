"""Proofs that are kept, notebooks one at a time, and what verify says of an author's mistakes."""

import json
import re

import h5py
import pytest
from earlier_notebook import write_two_notebooks
from tiny_course import change, copied

from nnkit.kit.cli import main
from nnkit.kit.course.file import load_course
from nnkit.kit.proof import verify as verify_module
from nnkit.kit.proof.verify import verify
from nnkit.kit.sandbox import Tier

pytestmark = pytest.mark.slow
MD, MORE = "source/a1/net.md", "source/a1/more.md"
GRADERS = "tests/graders/a1/test_net.py"


@pytest.fixture(scope="module")
def proven_once(tmp_path_factory):
    """The course of two notebooks, of which `more` takes a class from `net`, with both proofs in the store."""
    course = write_two_notebooks(tmp_path_factory.mktemp("proven") / "course")
    verification = verify(course, [])
    assert verification.ok, verification.as_dict()
    assert [proof.stored for proof in verification.notebooks] == [False, False]
    return course


@pytest.fixture
def course(proven_once, tmp_path):
    return copied(proven_once, tmp_path / "course")


@pytest.fixture
def run(monkeypatch):
    """The notebooks that were run since, by name."""
    seen = set()

    def grade_all(jobs, *arguments):
        seen.update(job.notebook for job in jobs)
        return verify_module_grade_all(jobs, *arguments)

    verify_module_grade_all = verify_module.grade_all
    monkeypatch.setattr(verify_module, "grade_all", grade_all)
    return seen


def test_what_was_proven_is_taken_from_the_store_and_said(course, run, capfd):
    for path in course.root.glob("solutions/a1/*"):
        path.unlink()
    assert main(["--course", str(course.root), "verify"]) == 0
    out = re.sub(r"\s+", " ", capfd.readouterr().out)
    assert run == set()
    assert "a1/net: proven before, nothing has changed" in out
    assert "proven before)" in out
    assert {path.name for path in course.root.glob("solutions/a1/*")} == {"net.ipynb", "more.ipynb"}


def test_one_changed_notebook_is_the_only_one_that_is_proven_again(course, run):
    change(course.root, MORE, "# More of it", "# Still more")
    verification = verify(load_course(course.root), [])
    assert verification.ok
    assert run == {"more"}
    assert verification.as_dict()["stored"] == ["a1/net"]


def test_a_notebook_is_proven_again_with_the_one_that_it_takes_from(course, run):
    change(course.root, "nnkit/layers.py", "np.add(x, x) * 1", "np.add(x, x) * 1 + 0")
    verify(load_course(course.root), ["a1"])
    assert run == {"net", "more"}


def test_force_proves_anew_and_a_single_notebook_alone(course, run, capfd):
    assert main(["--course", str(course.root), "verify", "a1/more", "--force", "--json"]) == 0
    proof = json.loads(capfd.readouterr().out)
    assert run == {"more"}
    assert {item["notebook"] for item in proof["items"]} == {"more"}
    assert proof["stored"] == []


def test_a_proof_of_another_sandbox_does_not_count(course, run, monkeypatch):
    other = Tier.E if verify(course, ["a1/more"]).tier != "E" else Tier.D
    monkeypatch.setattr(verify_module, "best_tier", lambda: other)
    monkeypatch.setattr(verify_module, "grade_all", lambda jobs, *_: run.update(job.notebook for job in jobs) or [])
    with pytest.raises(KeyError):  # nothing was graded
        verify(course, ["a1/more"])
    assert run == {"more"}


def test_a_release_needs_no_second_proof(course, run):
    (course.root / "nbgrader_config.py").write_text(
        "from nnkit.kit.nbgrader.config import configure\n\nconfigure(get_config())\n"
    )
    assert main(["--course", str(course.root), "release", "a1"]) == 0
    assert run == set()
    assert {path.name for path in course.root.glob("release/a1/*.ipynb")} == {"net.ipynb", "more.ipynb"}


@pytest.fixture(scope="module")
def mistaken(proven_once, tmp_path_factory):
    """The course with several mistakes of its author's, and what verify says of `net`."""
    course = copied(proven_once, tmp_path_factory.mktemp("mistaken") / "course")
    change(course.root, MD, "print(best)", "print(best)\nprint(\n    best.missing)")
    with h5py.File(course.expected("a1", "net"), "a") as file:
        file["public/Net/w"][...] = [0.25, 0.25, 0.26]
    change(course.root, GRADERS, "assert submission.best == 4", "assert {}[submission.best] == 4")
    (course.root / "tests/graders/a1/nett.misconceptions.toml").write_text("")
    return verify(load_course(course.root), ["a1/net"])


def test_a_locked_cell_that_fails_with_the_reference_is_a_fault_with_its_line(mistaken):
    (fault,) = [each for each in mistaken.notebooks[0].faults if each.file == "a1/net.md"]
    assert fault.what.startswith("a locked cell fails with the reference: AttributeError: 'int' object has no")
    assert fault.line == 50
    assert not mistaken.ok


def test_a_stale_expected_value_is_a_fault_with_the_command(mistaken):
    (fault,) = [each for each in mistaken.notebooks[0].faults if each.file == "tests/graders/a1/net.h5"]
    assert str(fault) == (
        "tests/graders/a1/net.h5: public/Net/w is not what the reference gives now (run: nnkit record a1/net)"
    )


def test_a_grader_that_breaks_is_a_fault_with_exception_file_and_line(mistaken):
    (fault,) = [each for each in mistaken.notebooks[0].faults if "breaks over reference" in each.what]
    assert "test_tuning_found_the_best: KeyError: 4 (a1/test_net.py, line 45)" in fault.what


def test_a_file_that_nobody_reads_is_a_warning(mistaken):
    (warning,) = mistaken.as_dict()["warnings"]
    assert warning["file"] == "tests/graders/a1/nett.misconceptions.toml"


def test_a_failed_proof_is_not_kept(mistaken, proven_once):
    assert not mistaken.notebooks[0].stored
    assert verify(proven_once, ["a1/net"]).notebooks[0].stored


def test_build_and_record_take_a_single_notebook(course, capfd):
    (course.root / "source/a1/net.ipynb").unlink()
    (course.root / "source/a1/more.ipynb").unlink()
    assert main(["--course", str(course.root), "build", "a1/more"]) == 0
    assert capfd.readouterr().out == "source/a1/more.ipynb: written\n"
    assert not (course.root / "source/a1/net.ipynb").exists()
    assert main(["--course", str(course.root), "record", "a1/more"]) == 0
    assert capfd.readouterr().out == "tests/graders/a1/more.h5: no test asks for an expected output\n"


def test_build_says_what_it_removes_and_what_nobody_reads(course, capfd):
    change(course.root, "course.toml", 'notebooks = ["net", "more"]', 'notebooks = ["net"]')
    assert main(["--course", str(course.root), "build"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "source/a1/more.ipynb: removed, course.toml does not name it"
    assert "! source/a1/more.md: no notebook of a1 in course.toml" in " ".join(lines)


def test_a_command_for_whole_assignments_says_so(course, capfd):
    assert main(["--course", str(course.root), "release", "a1/net"]) == 1
    assert "(this command takes whole assignments)" in re.sub(r"\s+", " ", capfd.readouterr().err)
