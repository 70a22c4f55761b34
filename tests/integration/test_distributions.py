"""What others install: a wheel with all that a course of one's own needs, and an sdist of all that is tracked."""

import tarfile
import zipfile
from email.parser import Parser

import pytest
from built_distributions import build, copy_of_the_repository, tracked_files

import nnkit


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return copy_of_the_repository(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def wheel(sources, tmp_path_factory):
    with zipfile.ZipFile(build("wheel", sources, tmp_path_factory.mktemp("wheel"))) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture(scope="module")
def sdist(sources, tmp_path_factory):
    with tarfile.open(build("sdist", sources, tmp_path_factory.mktemp("sdist"))) as file:
        return {member.name.partition("/")[2] for member in file.getmembers() if member.isfile()}


def test_the_wheel_holds_every_file_of_the_package(wheel):
    assert {name for name in tracked_files() if name.startswith("nnkit/")} <= set(wheel)


def test_the_wheel_holds_nothing_of_the_course_around_the_package(wheel):
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"nnkit", "nnkit_teaching"}


def test_the_wheel_is_not_called_as_the_other_package_on_pypi(wheel):
    about = next(text for name, text in wheel.items() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(about.decode())
    assert (metadata["Name"], metadata["Version"]) == ("nnkit-teaching", nnkit.__version__)


def test_the_source_distribution_holds_all_that_is_tracked(sdist):
    assert set(tracked_files()) - sdist == set()


def test_the_source_distribution_holds_nothing_else(sdist):
    made = {"PKG-INFO", "setup.cfg"} | {name for name in sdist if name.startswith("nnkit_teaching.egg-info/")}
    assert sdist - set(tracked_files()) == made


def test_the_version_says_what_was_installed(capsys):
    from nnkit.kit.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"nnkit {nnkit.__version__} (nnkit-teaching)\n")
