"""Which sandbox official grading uses: the best one here, or the one that was asked for."""

import pytest
from rich.console import Console
from tiny_course import write_course

from nnkit.kit.cli import main
from nnkit.kit.course.errors import CourseError
from nnkit.kit.engine import classroom
from nnkit.kit.engine.classroom import sufficient_tier
from nnkit.kit.sandbox import Tier
from nnkit.kit.sandbox.probing import ProbeReport

QUIET = Console(quiet=True)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course that requires tier C, on a host that offers B, C and E."""
    monkeypatch.setattr(classroom, "best_tier", lambda: Tier.B)
    monkeypatch.setattr(
        classroom, "probe", lambda tier: ProbeReport(tier, tier.value in "BCE", "bwrap is not installed", ())
    )
    return write_course(tmp_path)


def test_without_a_wish_it_is_the_best_one(course):
    assert sufficient_tier(course, False, QUIET) is Tier.B


def test_the_tier_asked_for_is_taken_instead_of_the_best_one(course):
    assert sufficient_tier(course, False, QUIET, Tier.C) is Tier.C


def test_a_tier_that_is_not_available_is_refused_with_the_reason_and_the_mend(course):
    with pytest.raises(CourseError) as refused:
        sufficient_tier(course, True, QUIET, Tier.A)
    assert str(refused.value) == (
        "--tier A: not available on this machine: bwrap is not installed "
        "(leave out --tier to use the best tier here, B; nnkit doctor shows all of them)"
    )


def test_a_tier_below_the_required_one_is_refused_though_it_was_asked_for(course):
    with pytest.raises(CourseError, match="official grading requires tier C, not tier E"):
        sufficient_tier(course, False, QUIET, Tier.E)


def test_a_tier_below_the_required_one_is_taken_if_it_is_accepted(course):
    assert sufficient_tier(course, True, QUIET, Tier.E) is Tier.E


@pytest.mark.parametrize(("arguments", "tier"), [([], None), (["--tier", "B"], Tier.B)])
def test_the_command_grades_in_the_tier_it_is_told(course, monkeypatch, arguments, tier):
    asked = []
    monkeypatch.setattr(classroom, "grade_class", lambda *_, **options: asked.append(options["tier"]) or [])
    assert main(["--course", str(course.root), "grade", "a1", *arguments]) == 0
    assert asked == [tier]


def test_a_tier_that_does_not_exist_is_a_wrong_call(course, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--course", str(course.root), "grade", "--tier", "Z"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
