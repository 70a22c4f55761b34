"""A secret that is known, or about to be, is refused before anything is proven."""

import subprocess

import pytest
from tiny_course import change, write_course

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.proof.published import EXAMPLE_SEED, check_unpublished


def git(course, *words):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(course.root), *who, *words], check=True, capture_output=True)


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "course")


def test_a_course_in_no_repository_is_well(course):
    check_unpublished(course)


def test_an_ignored_secret_is_well(course):
    git(course, "init")
    (course.root / ".gitignore").write_text("/.secret\n")
    check_unpublished(course)


def test_a_secret_that_the_next_commit_may_publish_is_refused(course):
    git(course, "init")
    with pytest.raises(CourseError, match=r"\.secret: git does not ignore it.*\(add a line /\.secret to \.gitignore\)"):
        check_unpublished(course)


def test_a_secret_in_the_repository_is_refused_though_it_is_ignored_by_now(course):
    git(course, "init")
    git(course, "add", ".secret")
    (course.root / ".gitignore").write_text("/.secret\n")
    with pytest.raises(CourseError, match="it is tracked by git: whoever has the repository knows it"):
        check_unpublished(course)


def test_the_published_seed_is_refused_with_its_line(course):
    change(course.root, "course.toml", 'seed = "s"', f'seed = "{EXAMPLE_SEED}"')
    with pytest.raises(CourseError, match=r"course\.toml, line 3: this seed is the published example"):
        check_unpublished(load_course(course.root))
