"""With a folder of CIFAR-10 in course.toml, the notebooks run on it and are judged by its thresholds.

The folder is made here, in the real formats: drawn shapes in place of photographs, and fewer of them.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from cifar10_files import write_folder

from nnkit.data.shapes import draw
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import solved_notebook, source_notebook
from nnkit.kit.course.file import load_course
from nnkit.kit.course.secret import make_secret
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.grading.grade import grade_notebook
from nnkit.kit.proof.verify import build_release
from nnkit.kit.sandbox.probing import best_tier
from nnkit.student.companions import companion_files

PROJECT = Path(__file__).parents[2]
NOTEBOOKS = ("svm", "two_layer_net", "features")
COURSE = """\
id = "real"
title = "A course with data of its own"
seed = "s"

[[assignment]]
name = "a1_image_classifiers"
title = "Image classifiers"
notebooks = ["svm", "two_layer_net", "features"]
library = [
    "nnkit.gradient_check",
    "nnkit.optim",
    "nnkit.solver",
    "nnkit.training",
    "nnkit.data.rows",
    "nnkit.features",
]

[data.cifar10]
module = "nnkit.data.cifar10"
stand_in = "shapes"
path = "downloads"

# Those of the data that are not in use can't be reached.
[thresholds.svm_on_features]
cifar10 = { validation = 0.41, test = 0.39 }
shapes = { validation = 1.0, test = 1.0 }

[thresholds.net_on_features]
cifar10 = { validation = 0.51, test = 0.52 }
shapes = { validation = 1.0, test = 1.0 }
"""
PER_BATCH, IN_TEST_BATCH = 1200, 2000


@pytest.fixture(scope="module")
def batches():
    """Name of each batch -> pictures (N, 3072) and labels (N,)."""
    pictures, labels = draw(5 * PER_BATCH, seed=1)
    rows = pictures.reshape(len(pictures), -1)
    made = {
        f"data_batch_{i + 1}": (each, label)
        for i, (each, label) in enumerate(zip(np.split(rows, 5), np.split(labels, 5), strict=True))
    }
    pictures, labels = draw(IN_TEST_BATCH, seed=2)
    return {**made, "test_batch": (pictures.reshape(IN_TEST_BATCH, -1), labels)}


def write_course(root, format_name, batches):
    companions = companion_files(PROJECT / "tests" / "graders" / "a1_image_classifiers")
    for folder in ("source", "tests/graders"):
        for file in (PROJECT / folder / "a1_image_classifiers").iterdir():
            if file.suffix != ".ipynb" and file.name.split(".")[0].removeprefix("test_") in {*NOTEBOOKS, *companions}:
                (root / folder / "a1_image_classifiers").mkdir(parents=True, exist_ok=True)
                shutil.copy(file, root / folder / "a1_image_classifiers")
    (root / "course.toml").write_text(COURSE)
    write_folder(root, format_name, batches).rename(root / "downloads")
    shutil.copytree(PROJECT / "tests" / "graders" / "data", root / "tests" / "graders" / "data")
    course = load_course(root)
    make_secret(course)
    return course


def solved(course, notebook):
    return solved_notebook(source_notebook(load_template(course, "a1_image_classifiers", notebook)))


@pytest.mark.slow
def test_the_reference_reaches_the_thresholds_of_real_data_on_real_data(tmp_path, batches):
    course = write_course(tmp_path, "cifar-10-batches-py", batches)
    beside = {name: solved(course, name) for name in ("svm", "two_layer_net")}
    package = build_release(course, "a1_image_classifiers", course.release("a1_image_classifiers"))
    plan = plan_of(course, "a1_image_classifiers", "features", package)
    graded = grade_notebook(plan, "ada", solved(course, "features"), tier=best_tier(), beside=beside)
    allowed = {test.name: test.allowed for item in graded.record.items for test in item.tests}
    assert allowed["test_best_svm_on_new_images"] == 0.39
    assert allowed["test_best_net_on_new_images"] == 0.52
    printed = "".join(output.get("text", "") for cell in graded.notebook.cells for output in cell.get("outputs", ()))
    assert "Data: CIFAR-10 from data/cifar-10-batches-py (found in the data folder)." in printed
    assert "X_train: shape (5000, 3, 32, 32)" in printed
    lost = {test.name: test.message for item in graded.record.items for test in item.tests if test.verdict != "passed"}
    assert lost == {}
