"""docs/own-course.md is tried as a reader would, from the page alone: its files are written, its commands run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "own-course.md"
BLOCK = re.compile(r"^(`{3,})(\w+)(?: (.+?))?\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
AT_ITS_END = " (at its end)"


def blocks():
    """Language, file name (or nothing) and text of the page's blocks, in order."""
    return [match.groups()[1:] for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of the course after the whole page."""
    here = tmp_path_factory.mktemp("reader")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for language, name, text in blocks():
        if language == "sh":
            script = f"set -e\n{text}pwd > {here.parent}/place\n"
            done = subprocess.run(["bash", "-c", script], cwd=here, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{text}\n{done.stderr[-3000:]}\n{done.stdout[-3000:]}"
            here = Path((here.parent / "place").read_text().strip()) if "cd " in text else here
        else:
            file = here / name.removesuffix(AT_ITS_END)
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_text(encoding="utf-8") + "\n" if name.endswith(AT_ITS_END) else ""
            file.write_text(before + text, encoding="utf-8")
    return here


def test_every_block_of_the_page_is_a_file_or_a_command():
    assert [language for language, name, _ in blocks() if language != "sh" and not name] == []


def test_both_assignments_are_released(course):
    assert {path.name for path in (course / "release").iterdir()} == {"a1_pendulum", "a2_cooling"}


def test_the_graded_notebook_is_where_the_page_says(course):
    assert (course / "feedback" / "ada" / "a1_pendulum" / "pendulum.html").is_file()


def test_the_page_shows_all_that_tests_can_ask_for():
    """The language of grader files, and the fixtures."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = {"numerical_gradient", "opaque", "unpack", "arrays_named", "StudentError", "needs=", "confirms="}
    kinds = ("close", "equal", "shape", "dtype", "below", "at_least", "inputs_unchanged")
    wanted |= {f"assert_{kind}" for kind in kinds}
    wanted |= {"notebook_data", "thresholds.check", "data(", "rng", "float32"}
    assert {word for word in wanted if word not in page} == set()
