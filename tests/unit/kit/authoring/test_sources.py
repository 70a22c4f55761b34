"""What build writes into source/, and that nothing else is there for nbgrader to release."""

import json

import nbformat
import pytest
from tiny_course import write_course

from nnkit.kit.authoring.sources import clear_sources, write_source
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


def without(course, notebook, other="other"):
    """The course as it is when a notebook has been taken off course.toml."""
    course.template("a1", notebook).rename(course.template("a1", other))
    text = course.file.read_text().replace(f'["{notebook}"]', f'["{other}"]').replace(f"{notebook} = 17", "")
    course.file.write_text(text)
    return load_course(course.root)


def test_a_source_is_written_only_when_it_changed(course):
    assert [write_source(course, "a1", "net"), write_source(course, "a1", "net")] == [True, False]
    assert json.loads(course.source("a1", "net").read_text())["nbformat"] == 4


def test_a_damaged_source_is_written_anew(course):
    course.source("a1", "net").write_bytes(b"\xff\xfe{")
    assert write_source(course, "a1", "net")
    nbformat.read(course.source("a1", "net"), as_version=4)


def test_what_was_built_of_a_notebook_taken_off_the_course_is_removed(course):
    write_source(course, "a1", "net")
    shortened = without(course, "net")
    assert clear_sources(shortened, "a1") == [course.source("a1", "net")]
    assert not course.source("a1", "net").exists()


def test_what_belongs_to_the_course_stays(course):
    write_source(course, "a1", "net")
    assert clear_sources(course, "a1") == []
    assert course.source("a1", "net").exists()


@pytest.mark.parametrize("content", ["{", '{"cells": [], "metadata": {}}', "[]", '{"metadata": {"nnkit": 3}}'])
def test_a_notebook_that_build_has_not_made_is_an_error_and_nothing_is_removed(course, content):
    write_source(course, "a1", "net")
    shortened = without(course, "net")
    course.source("a1", "draft").write_text(content)
    with pytest.raises(BuildError, match=r"^source/a1/draft\.ipynb: a notebook that course\.toml does not name"):
        clear_sources(shortened, "a1")
    assert course.source("a1", "net").exists()
    assert course.source("a1", "draft").exists()
