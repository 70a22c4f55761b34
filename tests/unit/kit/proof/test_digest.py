"""The digest of a proof changes with everything that decides it, and with nothing that belongs to another notebook."""

import h5py
import pytest
from earlier_notebook import write_two_notebooks
from tiny_course import change

from nnkit.kit.course.file import load_course
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.proof import digest as digest_module
from nnkit.kit.proof.digest import proof_digest
from nnkit.kit.proof.verify import build_release
from nnkit.kit.sandbox import Tier

LAYERS, TOOLS = "nnkit/layers.py", "nnkit/tools.py"
NET, MORE = "source/a1/net.md", "source/a1/more.md"
NET_TESTS, MORE_TESTS = "tests/graders/a1/test_net.py", "tests/graders/a1/test_more.py"
SHARED = "tests/graders/a1/shared.py"
BOTH, ONLY_MORE, NEITHER = {"net", "more"}, {"more"}, set()


@pytest.fixture
def course(tmp_path):
    """`more` takes a class from `net`, so what changes the proof of `net` changes that of `more`."""
    course = write_two_notebooks(tmp_path)
    change(tmp_path, MORE_TESTS, "from nnkit", "from shared import WANTED\n\nfrom nnkit")
    change(tmp_path, MORE_TESTS, 'item("own", public=True)', 'item("own")')
    change(tmp_path, MORE_TESTS, "submission.six == 6", "submission.six == WANTED")
    (tmp_path / SHARED).write_text("from nnkit.answers import SIX\n\nWANTED = SIX\n")
    (tmp_path / "nnkit/answers.py").write_text("SIX = 6\n")
    return course


def digests(course, tier=Tier.A):
    course = load_course(course.root)
    package = build_release(course, "a1", course.root / ".cache" / "verify" / "a1")
    return {
        notebook: proof_digest(plan_of(course, "a1", notebook, package), package, tier) for notebook in ("net", "more")
    }


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


def test_nothing_changed_is_nothing_to_prove(course):
    assert digests(course) == digests(course)


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
        pytest.param("course.toml", "[limits]", "[thresholds.net.t]\nval=1\ntest=1\n[limits]", BOTH, id="thresholds"),
        pytest.param(MORE, "# More of it", "# Still more", ONLY_MORE, id="template of one"),
        pytest.param(MORE_TESTS, "Graders of the second", "Tests of the second", ONLY_MORE, id="graders of one"),
        pytest.param(SHARED, "WANTED = SIX", "WANTED = 0 + SIX", ONLY_MORE, id="companion"),
        pytest.param("nnkit/answers.py", "SIX = 6", "SIX = 2 * 3", ONLY_MORE, id="module that a companion reaches"),
        pytest.param("course.toml", "T12:00:00", "T13:00:00", NEITHER, id="due date"),
        pytest.param("course.toml", "percent_per_day = 10", "percent_per_day = 20", NEITHER, id="late policy"),
        pytest.param("course.toml", 'title = "First"', 'title = "The first"', NEITHER, id="title"),
    ],
)
def test_a_change_concerns_the_notebooks_whose_proof_it_decides(course, name, old, new, expected):
    if "thresholds" in new:
        (course.root / "nnkit/data").mkdir()
        (course.root / "nnkit/data/t.py").write_text("")
    if name == NET and "points=" in new:
        change(course.root, "course.toml", "net = 17\n", "")
    before = digests(course)
    change(course.root, name, old, new)
    assert changed(before, digests(course)) == expected


def test_expected_values_decide(course):
    before = digests(course)
    with h5py.File(course.expected("a1", "net"), "a") as file:
        file["hidden/Net/secret_loss"][...] = 5.0
    assert changed(before, digests(course)) == BOTH


def test_the_sandbox_decides(course):
    assert changed(digests(course), digests(course, Tier.C)) == BOTH


def test_the_kit_decides(course, monkeypatch):
    before = digests(course)
    monkeypatch.setattr(digest_module, "machinery_hash", lambda: "another")
    assert changed(before, digests(course)) == BOTH


def test_the_versions_of_packages_decide(course, monkeypatch):
    before = digests(course)
    monkeypatch.setattr(digest_module, "environment", lambda: {"numpy": "0.1"})
    assert changed(before, digests(course)) == BOTH
