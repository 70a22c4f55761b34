"""The course at a glance is what the course is."""

from pathlib import Path

from tiny_course import change, write_course

from nnkit.kit.course.file import load_course
from nnkit.kit.reporting.overview import overview

ROOT = Path(__file__).parents[4]


def test_the_page_in_the_documentation_is_current():
    written = (ROOT / "docs" / "course.md").read_text(encoding="utf-8")
    assert written == overview(load_course(ROOT)), "run: nnkit overview > docs/course.md"


def test_every_item_is_there_with_its_points_and_who_gives_them(tmp_path):
    course = write_course(tmp_path)
    change(course.root, "course.toml", "[assignment.points]", "[assignment.hours]\nnet = 2.5\n[assignment.points]")
    page = overview(load_course(course.root))
    assert "Notebooks: 1; points: 17." in page
    row = next(line for line in page.splitlines() if line.startswith("| ["))
    title, exercises, experiments, questions, _, points, hours = (cell.strip() for cell in row.strip("|").split(" | "))
    assert title.endswith("(../source/a1/net.md)")
    assert exercises == "`double_forward` 4, `Net` 6"
    assert experiments.startswith("`tuning` ")
    assert "(" in questions
    assert "+ (" in points
    assert hours == "2.5"
