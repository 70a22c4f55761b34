"""The digest of a proof changes with everything that decides it, and with nothing that belongs to another notebook."""

import h5py
import pytest
from earlier_notebook import write_two_notebooks
from tiny_course import change, copied

from nnkit.kit.authoring.read_once import read_once
from nnkit.kit.course.file import load_course
from nnkit.kit.course.secret import secret_file
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.proof import digest as digest_module
from nnkit.kit.proof.digest import proof_digest, shipped_digest
from nnkit.kit.proof.verify import build_release
from nnkit.kit.sandbox import Tier

LAYERS, TOOLS = "nnkit/layers.py", "nnkit/tools.py"
NET, MORE = "source/a1/net.md", "source/a1/more.md"
NET_TESTS, MORE_TESTS = "tests/graders/a1/test_net.py", "tests/graders/a1/test_more.py"
SHARED, SIDE = "tests/graders/a1/shared.py", "tests/graders/data/toys.py"
BOTH, ONLY_MORE, NEITHER = {"net", "more"}, {"more"}, set()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """`more` takes a class from `net`, so what changes the proof of `net` changes that of `more`."""
    tmp_path = tmp_path_factory.mktemp("first") / "course"
    course = write_two_notebooks(tmp_path)
    change(tmp_path, "course.toml", "net = 17\n", "")
    change(tmp_path, MORE_TESTS, "from nnkit", "from shared import WANTED\n\nfrom nnkit")
    change(tmp_path, MORE_TESTS, 'item("own", public=True)', 'item("own")')
    change(tmp_path, MORE_TESTS, "submission.six == 6", "submission.six == WANTED")
    (tmp_path / SHARED).write_text("from nnkit.answers import SIX\n\nWANTED = SIX\n")
    (tmp_path / "nnkit/answers.py").write_text("SIX = 6\n")
    (tmp_path / "nnkit/toys.py").write_text("from nnkit.wood import GRAIN\n")
    (tmp_path / "nnkit/wood.py").write_text("GRAIN = 1\n")
    (tmp_path / SIDE).parent.mkdir()
    (tmp_path / SIDE).write_text("def held_out(path, seed):\n    return (seed,)\n")
    change(tmp_path, "course.toml", "[limits]", '[data.toys]\nmodule = "nnkit.toys"\n\n[limits]')
    change(tmp_path, "course.toml", '"nnkit.tools"', '"nnkit.tools", "nnkit.toys", "nnkit.wood"')
    return course


@pytest.fixture(scope="module")
def before(first):
    return digests(first)


@pytest.fixture
def course(first, tmp_path):
    """A copy to change: where a course lies decides nothing."""
    return copied(first, tmp_path / "course")


def digests(course, tier=Tier.A):
    course = load_course(course.root)
    with read_once():
        package = build_release(course, "a1", course.root / ".cache" / "verify" / "a1")
        plans = {notebook: plan_of(course, "a1", notebook, package) for notebook in ("net", "more")}
        return {notebook: proof_digest(plan, package, tier) for notebook, plan in plans.items()}


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


def test_nothing_changed_is_nothing_to_prove(course, before):
    assert digests(course) == before


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        pytest.param(NET, "Goodbye.", "Farewell.", BOTH, id="prose"),
        pytest.param(NET, "points=2.5", "points=3.5", BOTH, id="points"),
        pytest.param(NET, 'answer="A,C"', 'answer="A"', BOTH, id="answer"),
        pytest.param(NET, "max(range(5)", "max(range(6)", BOTH, id="solution of an experiment"),
        pytest.param(LAYERS, "np.add(x, x) * 1", "np.add(x, x) * 1 + 0", BOTH, id="solution of an exercise"),
        pytest.param(TOOLS, "np.linspace(0, 1, n)", "np.linspace(0, 2, n)", BOTH, id="library"),
        pytest.param(NET_TESTS, "random doubling", "random trebling", BOTH, id="graders"),
        pytest.param("tests/graders/a1/net.misconceptions.toml", "3 * x", "4 * x", BOTH, id="misconceptions"),
        pytest.param("course.toml", 'seed = "s"', 'seed = "t"', BOTH, id="seed"),
        pytest.param("course.toml", "wall_s = 8", "wall_s = 7", BOTH, id="limits"),
        pytest.param("course.toml", "[limits]", "[thresholds.net.toys]\nval=1\n[limits]", BOTH, id="thresholds"),
        pytest.param(SIDE, "(seed,)", "(seed, seed)", BOTH, id="what is held out"),
        pytest.param("nnkit/wood.py", "GRAIN = 1", "GRAIN = 2", BOTH, id="module that data are read with"),
        pytest.param(MORE, "# More of it", "# Still more", ONLY_MORE, id="template of one"),
        pytest.param(MORE_TESTS, "Graders of the second", "Tests of the second", ONLY_MORE, id="graders of one"),
        pytest.param(MORE_TESTS, "loss_of_wide == 3", "loss_of_wide == 3.0", ONLY_MORE, id="public test of one"),
        pytest.param(SHARED, "WANTED = SIX", "WANTED = 0 + SIX", ONLY_MORE, id="companion"),
        pytest.param("nnkit/answers.py", "SIX = 6", "SIX = 2 * 3", ONLY_MORE, id="module that a companion reaches"),
        pytest.param("course.toml", "T12:00:00", "T13:00:00", NEITHER, id="due date"),
        pytest.param("course.toml", "percent_per_day = 10", "percent_per_day = 20", NEITHER, id="late policy"),
        pytest.param("course.toml", 'title = "First"', 'title = "The first"', NEITHER, id="title"),
    ],
)
def test_a_change_concerns_the_notebooks_whose_proof_it_decides(course, before, name, old, new, expected):
    change(course.root, name, old, new)
    assert changed(before, digests(course)) == expected


def test_expected_values_decide(course, before):
    with h5py.File(course.expected("a1", "net"), "a") as file:
        file["hidden/Net/secret_loss"][...] = 5.0
    assert changed(before, digests(course)) == BOTH


def test_the_secret_decides(course, before):
    secret_file(course).write_text("0123456789abcdef" * 2)
    assert changed(before, digests(course)) == BOTH


def test_a_public_test_of_another_notebook_is_something_more_that_is_shipped(course):
    """What is shipped is tried as an answer to every exercise of the assignment: that alone is done again."""
    package = build_release(course, "a1", course.root / "package")
    before = shipped_digest(package)
    change(course.root, MORE_TESTS, "loss_of_wide == 3", "loss_of_wide == 3.0")
    assert shipped_digest(build_release(course, "a1", package)) != before


def test_the_sandbox_decides(course, before):
    assert changed(before, digests(course, Tier.C)) == BOTH


def test_the_kit_decides(course, before, monkeypatch):
    monkeypatch.setattr(digest_module, "machinery_hash", lambda: "another")
    assert changed(before, digests(course)) == BOTH


def test_the_versions_of_packages_decide(course, before, monkeypatch):
    monkeypatch.setattr(digest_module, "environment", lambda: {"numpy": "0.1"})
    assert changed(before, digests(course)) == BOTH
