"""The tiny course, proven and released once for all tests that need it so."""


import pytest
from tiny_course import copied, write_course

from nnkit.kit.release.publish import release


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course whose only assignment has been proven and released; read only, copy it to change it."""
    root = tmp_path_factory.mktemp("course")
    course = write_course(root)
    verification = release(course, "a1")
    assert verification.ok, verification.as_dict()
    return course


@pytest.fixture
def course(released, tmp_path):
    """A copy of the released course to change."""
    return copied(released, tmp_path / "course")
