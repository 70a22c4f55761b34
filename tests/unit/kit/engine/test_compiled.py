"""The released folder with bytecode, as locked processes are shown it."""

import subprocess
import sys

import pytest

from nnkit.kit.engine import compiled
from nnkit.kit.engine.compiled import compiled_package


@pytest.fixture
def released(tmp_path):
    folder = tmp_path / "release" / "a1"
    (folder / "nnkit" / "student").mkdir(parents=True)
    (folder / "nnkit" / "layers.py").write_text("WHO = 'the release'\n")
    (folder / "nnkit" / "student" / "__init__.py").write_text("")
    (folder / "table.h5").write_bytes(b"\x89HDF")
    (folder / "net.ipynb").write_text("{}")
    (folder / "nnkit" / "__pycache__").mkdir()
    (folder / "nnkit" / "__pycache__" / "layers.cpython-311.pyc").write_bytes(b"of another time")
    return folder


def said_by(package):
    """What a fresh interpreter finds in the package's module, and what it says of its bytecode."""
    program = "import sys; sys.dont_write_bytecode = True; from nnkit import layers; print(layers.WHO)"
    done = subprocess.run(
        [sys.executable, "-v", "-P", "-c", f"import sys; sys.path.insert(0, {str(package)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=package,
        env={},
    )
    return done.stdout.strip(), done.stderr


def test_the_copy_is_the_release_without_notebooks_and_its_modules_load_from_bytecode(released, tmp_path):
    package = compiled_package(released, "1234", tmp_path / "cache")
    assert {path.name for path in package.iterdir()} == {"nnkit", "table.h5"}
    assert (package / "table.h5").read_bytes() == b"\x89HDF"
    who, log = said_by(package)
    assert who == "the release"
    assert f"layers.{sys.implementation.cache_tag}.pyc matches" in log


def test_bytecode_counts_for_its_own_source_only(released, tmp_path):
    package = compiled_package(released, "1234", tmp_path / "cache")
    (package / "nnkit" / "layers.py").write_text("WHO = 'somebody else'\n")
    assert said_by(package)[0] == "somebody else"


def test_a_release_is_compiled_once_and_another_one_anew(released, tmp_path):
    package = compiled_package(released, "1234", tmp_path / "cache")
    made = (package / "nnkit" / "layers.py").stat().st_ino
    assert (compiled_package(released, "1234", tmp_path / "cache") / "nnkit" / "layers.py").stat().st_ino == made
    (released / "nnkit" / "layers.py").write_text("WHO = 'a later release'\n")
    assert said_by(compiled_package(released, "5678", tmp_path / "cache"))[0] == "a later release"


def test_a_module_that_is_no_python_stays_as_it_is(released, tmp_path):
    (released / "nnkit" / "broken.py").write_text("def (:\n")
    package = compiled_package(released, "1234", tmp_path / "cache")
    assert (package / "nnkit" / "broken.py").read_text() == "def (:\n"
    assert said_by(package)[0] == "the release"


def test_of_old_copies_only_the_last_used_stay(released, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "KEPT", 2)
    made = [compiled_package(released, str(number), tmp_path / "cache") for number in range(4)]
    assert [package.is_dir() for package in made] == [False, True, True, True]
