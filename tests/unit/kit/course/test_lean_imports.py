"""Parts of packages load by themselves, and are the packages' own for whoever loads the rest."""

import json
import subprocess
import sys


def loaded_by(program):
    """Names of the modules that a fresh interpreter has after a program, and what the program printed."""
    more = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{program}\n{more}"], capture_output=True, text=True, check=True)
    *said, modules = done.stdout.splitlines()
    return said, set(json.loads(modules))


def test_the_coordinator_of_a_class_loads_neither_nbgraders_servers_nor_the_graders():
    _, modules = loaded_by("import nnkit.kit.engine.classroom")
    assert "nbgrader.api" in modules
    unneeded = {"nbgrader.server_extensions", "nbconvert", "jupyter_server", "pytest", "nnkit.kit.grading.runner"}
    assert modules.isdisjoint(unneeded)


def test_nbgrader_loaded_later_is_whole_and_has_the_same_models():
    said, modules = loaded_by(
        "from nnkit.kit.course.nbgrader_models import Gradebook\n"
        "import nbgrader\n"
        "from nbgrader.preprocessors import SaveAutoGrades\n"
        "from nbgrader import api\n"
        "print(nbgrader._jupyter_server_extension_points(), api.Gradebook is Gradebook)\n"
    )
    assert said == ["[{'module': 'nbgrader'}] True"]
    assert "nbgrader.server_extensions" in modules


def test_nbgrader_loaded_before_is_left_alone():
    said, _ = loaded_by(
        "import nbgrader, sys\n"
        "from nnkit.kit.course.nbgrader_models import Gradebook\n"
        "print(sys.modules['nbgrader'] is nbgrader, nbgrader.api.Gradebook is Gradebook)\n"
    )
    assert said == ["True True"]
