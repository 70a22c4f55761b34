"""A course's own package is imported from the course folder, whatever is installed under its name."""

import os
import sys
from types import SimpleNamespace

import pytest

import nnkit.layers
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.engine.processes import GradingProcess


@pytest.fixture(autouse=True)
def as_installed():
    yield
    use_package_of(SimpleNamespace(own_package=None))


@pytest.fixture
def course(tmp_path):
    def make(package, **files):
        folder = tmp_path / package
        for name, text in files.items():
            file = folder.joinpath(*name.split("__")).with_suffix(".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return SimpleNamespace(package=package, root=tmp_path, own_package=folder)

    return make


WAYS = (
    "from physlab.motion import f",
    "from physlab import motion\nf = motion.f",
    "import physlab.motion\nf = physlab.motion.f",
    "import physlab.motion as m\nf = m.f",
    "from physlab.motion import *",
    "def f():\n    from physlab.motion import f as inner\n    return inner()",
)


@pytest.mark.parametrize("way", WAYS)
def test_every_ordinary_import_finds_it(course, way):
    use_package_of(course("physlab", motion="from .tools import one\ndef f():\n    return one\n", tools="one = 1\n"))
    names = {}
    exec(way, names)
    assert names["f"]() == 1


def test_a_package_of_the_same_name_elsewhere_on_the_path_is_not_found(course, tmp_path, monkeypatch):
    elsewhere = tmp_path / "site" / "physlab"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text("raise RuntimeError('not this one')\n")
    monkeypatch.syspath_prepend(str(elsewhere.parent))
    use_package_of(course("physlab", motion="here = True\n"))
    from physlab import motion

    assert motion.here


def test_a_changed_file_is_read_anew(course):
    use_package_of(course("physlab", motion="g = 9\n"))
    import physlab.motion

    changed = course("physlab", motion="g = 9.8\n")
    use_package_of(changed)
    from physlab import motion

    assert (motion.g, physlab.motion.g) == (9.8, 9)


def test_a_course_s_own_nnkit_lies_over_the_installed_one_and_the_kit_stays(course):
    kit, layers = sys.modules["nnkit.kit"], nnkit.layers
    use_package_of(course("nnkit", layers="own = True\n", __init__="raise RuntimeError('never run')\n"))
    from nnkit import layers as own
    from nnkit.gradient_check import rel_error

    assert own.own
    assert rel_error(1.0, 1.0) == 0
    assert sys.modules["nnkit.kit"] is kit
    use_package_of(SimpleNamespace(own_package=None))
    assert sys.modules["nnkit.layers"] is layers is nnkit.layers


def test_nothing_is_written_into_the_course_folder(course, tmp_path):
    use_package_of(course("physlab", motion="g = 9\n"))
    import physlab.motion  # noqa: F401

    assert [path.name for path in tmp_path.rglob("*")] == ["physlab", "motion.py"]


def test_a_grading_process_started_in_a_folder_with_a_package_called_nnkit_finds_the_kit(course, tmp_path, monkeypatch):
    course("nnkit", __init__="raise RuntimeError('never run')\n")
    monkeypatch.chdir(tmp_path)
    process = GradingProcess()
    try:
        assert process.call(os.getcwd) == str(tmp_path)
    finally:
        process.close()
