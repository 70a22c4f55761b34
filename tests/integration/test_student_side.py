"""The released folder by itself, on a machine without nnkit: what a student sees."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import notebook_text, solved_notebook, source_notebook

pytestmark = pytest.mark.slow

# Undoes what installing nnkit did to this Python: only the folder one works in is left to import it from.
WITHOUT_NNKIT = """
import sys

sys.meta_path[:] = [finder for finder in sys.meta_path if "nnkit" not in getattr(finder, "__module__", "")]
sys.path_hooks[:] = [hook for hook in sys.path_hooks if "nnkit" not in getattr(hook, "__module__", "")]
sys.path[:] = [place for place in sys.path if place != {project!r}]
"""

RIGHT = "import numpy as np\ndef double_forward(x):\n    return 2 * x, x\n"
WRONG = "import numpy as np\ndef double_forward(x):\n    return 3 * x, x\n"
CHECK = "from nnkit.student import check\ncheck('double_forward')\n"


@pytest.fixture
def folder(released, tmp_path):
    """The released folder, copied to a place of its own."""
    place = tmp_path / "home" / "a1"
    shutil.copytree(released.release("a1"), place)
    customize = tmp_path / "python" / "sitecustomize.py"
    customize.parent.mkdir()
    customize.write_text(WITHOUT_NNKIT.format(project=str(Path(__file__).parents[2])))
    return place


def run(folder, *arguments):
    """Run Python in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    environment = {**kept, "PYTHONPATH": str(folder.parents[1] / "python"), "PYTHONIOENCODING": "utf-8"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_nnkit_is_the_folders_own_and_holds_no_grading_code(folder):
    done = run(folder, "-c", "import nnkit; print(nnkit.__file__); import nnkit.kit")
    assert done.stdout.strip() == str(folder / "nnkit" / "__init__.py")
    assert "No module named 'nnkit.kit'" in done.stderr


def test_a_passed_check_shows_a_table_and_goes_on(folder):
    done = run(folder, "-c", f"{RIGHT}{CHECK}print('went on')")
    assert done.returncode == 0, done.stderr
    assert "double forward doubles ones" in done.stdout.replace("_", " ")
    assert done.stdout.endswith("went on\n")


def test_a_failed_check_shows_what_is_wrong_and_stops(folder):
    done = run(folder, "-c", f"{WRONG}{CHECK}print('went on')")
    assert done.returncode == 1
    assert "Twice the input." in done.stdout
    assert "CheckFailed: double_forward: 1 of 1 tests not passed" in done.stderr
    assert "went on" not in done.stdout


def test_check_runs_no_hidden_test(folder):
    done = run(folder, "-c", f"{WRONG}{CHECK}")
    assert "secret" not in done.stdout


def test_an_unwritten_exercise_is_named_as_such(folder):
    done = run(folder, "-c", f"def double_forward(x):\n    raise NotImplementedError('write it')\n{CHECK}")
    assert "CheckFailed: double_forward: not written yet" in done.stderr


def test_a_misspelt_exercise_is_answered_with_the_right_one(folder):
    done = run(folder, "-c", "from nnkit.student import check\ncheck('duoble_forward')")
    assert "Did you mean 'double_forward'?" in done.stderr


def test_nbgrader_validate_fails_the_untouched_notebook(folder):
    done = run(folder, "-m", "nbgrader", "validate", "net.ipynb")
    assert "VALIDATION FAILED ON" in done.stdout, done.stderr
    assert "double_forward: not written yet" in done.stdout


def test_nbgrader_validate_passes_the_solved_notebook(folder, released):
    solved = solved_notebook(source_notebook(load_template(released, "a1", "net")))
    (folder / "net.ipynb").write_text(notebook_text(solved), encoding="utf-8")
    done = run(folder, "-m", "nbgrader", "validate", "net.ipynb")
    assert "Success! Your notebook passes all the tests." in done.stdout, done.stdout + done.stderr
