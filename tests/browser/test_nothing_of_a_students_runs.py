"""A stranger's graded notebook in a browser: on our pages nothing of it runs or is fetched; on stock ones it is."""

import shutil
from pathlib import Path

import nbformat
import pytest
from browser import CHROMIUM, canary, comes_to, formgrader, visit
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader.apps.api import NbGraderAPI
from page_payloads import CELLS, HTML
from tiny_course import write_course
from traitlets.config import Config

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.cli import main
from nnkit.kit.course.file import load_course
from nnkit.kit.demo.demo import hand_in
from nnkit.kit.demo.simulated_class import Student, simulate
from nnkit.kit.gradebook.rows import gradebook
from nnkit.kit.nbgrader.commands import generate_feedback
from nnkit.kit.release.publish import release

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")]

# These leave the page or end its text, so that on a stock page what comes after them is not tried.
LAST = ("refresh", "end of the page", "custom element", "half a tag", "nothing left but a handler")
SHOW = (
    "from IPython.display import display\nfor data, metadata in {!r}:\n    display(data, metadata=metadata, raw=True)"
)
STOCK = """\
c = get_config()
c.CourseDirectory.root = {!r}
c.CourseDirectory.course_id = "tiny"
c.CourseDirectory.db_url = {!r}
"""


def hostile(text):
    """A right solution, with every attack in prose, in the written answer, in raw cells and in outputs."""
    notebook = nbformat.reads(text, as_version=4)
    attacks = [html for name, html in HTML.items() if name not in LAST] + [HTML[name] for name in LAST]
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "zero_why":
            cell.source = f"Because of {HTML['script']} {HTML['image that fails']} ![plot](attachment:gone.png)"
    outputs = [
        (dict(out.data), dict(out.metadata))
        for cell in CELLS.values()
        for out in cell.get("outputs", [])
        if "data" in out
    ]
    outputs += [({kind: html}, {}) for html in attacks for kind in ("text/html", "text/markdown")]
    notebook.cells.append(new_code_cell(SHOW.format(outputs)))
    for html in attacks:
        notebook.cells += [new_markdown_cell(html), new_raw_cell(html)]
    return nbformat.writes(notebook)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("pages") / "course"
    course = write_course(root)
    shutil.copy(Path(__file__).parents[2] / "nbgrader_config.py", root)
    assert release(course, "a1").ok
    right = next(student for student in simulate(load_template(course, "a1", "net")) if student.name == "ada")
    hand_in(course, "a1", "net", right)
    hand_in(course, "a1", "net", Student("mallory", "attacks the page", hostile(right.text)))
    assert main(["--course", str(root), "grade"]) == 0
    generate_feedback(course, "a1")
    return course


@pytest.fixture(scope="module")
def stock_course(course, tmp_path_factory):
    """The same graded class under nbgrader's own settings."""
    root = tmp_path_factory.mktemp("stock") / "course"
    shutil.copytree(course.root, root)
    stock = load_course(root)
    (root / "nbgrader_config.py").write_text(STOCK.format(str(root), stock.gradebook_url))
    # Stock nbgrader stops at a picture that was not handed in.
    path = stock.autograded("mallory", "a1", "net")
    path.chmod(0o644)
    path.write_text(path.read_text().replace("attachment:gone.png", "gone.png"))
    config = Config({"CourseDirectory": {"root": str(root), "db_url": stock.gradebook_url}})
    assert NbGraderAPI(config=config).generate_feedback("a1", "mallory", force=True)["success"]
    return stock


@pytest.fixture(scope="module")
def grader(course):
    with formgrader(course.root) as address:
        yield address


def submission(address, course, student):
    with gradebook(course) as book:
        return f"{address}/submissions/{book.find_submission_notebook('net', 'a1', student).id}/"


def title(document):
    return document.partition("<title>")[2].partition("</title>")[0]


def visited(address):
    with canary() as (port, asked):
        return title(visit(address, port)), asked


def script_runs(address):
    with canary() as (port, asked):
        return comes_to(address, port, lambda: "/ran" in asked)


def test_on_a_feedback_page_nothing_runs(course):
    assert visited(course.feedback("mallory", "a1", "net").as_uri()) == ("net", [])


def test_on_formgraders_page_nothing_runs(course, grader):
    assert visited(submission(grader, course, "mallory")) == ("net", [])


def test_formgrader_finds_its_own_boxes_beside_those_of_the_student(course, grader):
    """Its script fills them with what the gradebook has: the one called like a student's element too."""
    with canary() as (port, _):
        document = visit(submission(grader, course, "mallory"), port)
    assert document.count('id="test_double_forward"') == 1
    assert 'placeholder="4"' in document.partition('id="test_double_forward"')[2].partition(">")[0]


def test_on_a_stock_feedback_page_it_runs(stock_course):
    assert script_runs(stock_course.feedback("mallory", "a1", "net").as_uri())


def test_on_a_stock_formgraders_page_it_runs(stock_course):
    with formgrader(stock_course.root) as address:
        assert script_runs(submission(address, stock_course, "mallory"))
