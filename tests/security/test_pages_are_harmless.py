"""A notebook shown on a feedback page or in formgrader adds nothing to that page but what is to be read."""

from html import escape
from pathlib import Path

import nbgrader
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from page_payloads import (
    CELLS,
    GRADED,
    HTML,
    NOTEBOOKS,
    SCRIPT,
    display,
    doings,
    error,
    everywhere,
    notebook,
    small_png,
    with_attachments,
)
from selectolax.lexbor import LexborHTMLParser
from traitlets.config import Config

from nnkit.kit.reporting.pages import FeedbackPage, configure_pages

FORMGRADER = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
NOTEBOOKS_WITH = {
    **{f"HTML: {name}": (everywhere(html), {}) for name, html in HTML.items()},
    **{f"cell: {name}": ([cell], {}) for name, cell in CELLS.items()},
    **{f"notebook: {name}": ([], metadata) for name, metadata in NOTEBOOKS.items()},
}
PAGES = ("feedback", "formgrade")


def exporter(page, *, stock=False):
    config = Config()
    if not stock:
        configure_pages(config)
    config.HTMLExporter.template_name = page
    config.HTMLExporter.extra_template_basedirs = [str(FORMGRADER / "templates")]
    config.HTMLExporter.extra_template_paths = [str(FORMGRADER / "static/node_modules/bootstrap/dist/css")]
    made = (FeedbackPage if page == "feedback" and not stock else HTMLExporter)(config=config)
    made.register_preprocessor(with_grades, enabled=True)
    return made


def with_grades(nb, resources):
    """As nbgrader's GetGrades puts marks and comments into the notebook; the comments quote the student."""
    for cell in nb.cells:
        about = cell.metadata.get("nbgrader", {})
        if about:
            about["score"] = 1.0
        if about.get("grade_id") == "answer":
            about["comment"] = f"You wrote: {cell.source}"
    return nb, resources


def shown(made, cells, metadata=None, **names):
    resources = {"nbgrader": {"notebook": "net", "score": 1, "max_score": 2, "late_penalty": 0}}
    resources |= {
        "notebook_id": "net",
        "assignment_id": "a1",
        "submission_id": "0",
        "base_url": "",
        "index": 0,
        "total": 1,
    }
    return made.from_notebook_node(notebook(cells, metadata), resources={**resources, **names})[0]


class Pages:
    """The exporters of the pages, and what their pages do by themselves."""

    def __init__(self, **options):
        self.exporters = {page: exporter(page, **options) for page in PAGES}
        self.own = {}

    def added(self, page, cells, metadata):
        """What a page does with these cells beyond what it does with innocent ones of the same kinds."""
        innocent = [innocent_like(cell) for cell in cells]
        kinds = page, tuple((cell.cell_type, "nbgrader" in cell.metadata) for cell in innocent)
        if kinds not in self.own:
            self.own[kinds] = doings(shown(self.exporters[page], innocent))
        return doings(shown(self.exporters[page], cells, metadata)) - self.own[kinds]


def innocent_like(cell):
    if cell.cell_type == "code":
        return new_code_cell("x")
    answer = new_markdown_cell("x")
    if "nbgrader" in cell.metadata:
        answer.metadata["nbgrader"] = {**GRADED, "grade_id": "answer"}
    return answer


@pytest.fixture(scope="module")
def pages():
    return Pages()


@pytest.fixture(scope="module")
def stock_pages():
    return Pages(stock=True)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", NOTEBOOKS_WITH)
def test_a_strangers_notebook_adds_nothing_that_acts(pages, name, page):
    assert pages.added(page, *NOTEBOOKS_WITH[name]) == {}


@pytest.mark.parametrize("name", HTML)
def test_on_stock_nbgraders_page_it_does(stock_pages, name):
    assert stock_pages.added("formgrade", everywhere(HTML[name]), {}) != {}


@pytest.mark.parametrize("name", ["student", "first_name", "last_name", "notebook_path"])
def test_names_from_the_roster_are_text(pages, name):
    names = {"student": "ada", "first_name": "Ada", "last_name": "L", "notebook_path": "p", name: f'">{SCRIPT}'}
    page = shown(pages.exporters["formgrade"], [], **names)
    assert "<script>document.title" not in page


def test_a_picture_that_was_not_handed_in_costs_no_page(pages):
    """It stops nbconvert."""
    page = shown(pages.exporters["feedback"], [new_markdown_cell("![plot](attachment:p.png) and more")])
    assert "(picture plot is not in the notebook)" in page
    assert "and more" in page


HUGE = {
    "stream": new_code_cell("x", outputs=[new_output("stream", text="y" * 300_000)]),
    "source": new_code_cell("y" * 300_000),
    "prose": new_markdown_cell("y" * 300_000),
    "error": error("y" * 300_000),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_text_is_cut(pages, name):
    page = shown(pages.exporters["feedback"], [HUGE[name]])
    assert 50 < page.count("y" * 1000) < 150


SLOW = {"nested": "<div>" * 50_000, "environments": "\\begin{a}" * 5_000}


@pytest.mark.parametrize("name", SLOW)
def test_what_takes_a_parser_minutes_is_shown_as_text(pages, name):
    page = shown(pages.exporters["feedback"], [new_markdown_cell(SLOW[name])])
    assert f"<pre>{escape(SLOW[name][:8])}" in page


FORMS = {
    "formula": (
        new_markdown_cell("Since $a < b_1$ and $b_1*c$,\n\n$$\\begin{aligned}x &= y\\\\ z\\end{aligned}$$"),
        ["$a &lt; b_1$", "$b_1*c$", "$$\\begin{aligned}x &amp;= y\\\\ z\\end{aligned}$$"],
    ),
    "figure": (display({"image/png": small_png(), "text/plain": "<Figure>"}), [f"data:image/png;base64,{small_png()}"]),
    "size of a figure": (display({"image/png": small_png()}, {"image/png": {"width": 300}}), ['width="300"']),
    "drawing": (display({"image/svg+xml": "<svg><path/></svg>"}), ["data:image/svg+xml;base64,"]),
    "table": (
        display(
            {
                "text/html": '<style>td {}</style><table border="1" class="dataframe">'
                '<tr style="text-align: right;">'
                '<th>a</th><td colspan="2">1</td></tr></table>'
            }
        ),
        ['class="dataframe"', "text-align:right", '<td colspan="2">1</td>'],
    ),
    "code": (new_code_cell("def f(x): return 1"), ['<span class="k">def</span>']),
    "code in prose": (
        new_markdown_cell("```python\ndef f(x): return 1\n```"),
        ['<div class="highlight">', '<span class="k">def'],
    ),
    "link": (
        new_markdown_cell("[paper](https://example.org/a?b=1)"),
        ['href="https://example.org/a?b=1"', "noreferrer"],
    ),
    "link within": (
        new_markdown_cell("# Part two\n\n[there](#Part-two)"),
        ['id="prose-Part-two"', 'href="#prose-Part-two"'],
    ),
    "text behind a heading": (new_markdown_cell("# Part two\n\nText."), ["</a></h1><p>Text.</p>"]),
    "released picture": (new_markdown_cell("![net](pictures/net.png)"), ['src="pictures/net.png"']),
    "attached picture": (with_attachments({"a": {"image/png": small_png()}}), [f"data:image/png;base64,{small_png()}"]),
    "picture in HTML": (display({"text/html": f'<img src="data:image/png;base64,{small_png()}">'}), [small_png()]),
    "ticked list": (new_markdown_cell("- [x] yes\n- [ ] no"), ['checked=""']),
    "colours of the terminal": (error("no"), ['<span class="ansi-red-fg">no</span>']),
    "formula of an output": (display({"text/latex": "$a<b$", "text/plain": "a<b"}), ["$a&lt;b$"]),
    "raw cell": (new_raw_cell("an <answer>\n\nin a raw cell"), ["<pre>an &lt;answer&gt;\n\nin a raw cell</pre>"]),
    "data without text": (display({"application/x-thing": "1"}), ["(An output of application/x-thing is not shown.)"]),
    "colour of a verdict": (
        display({"text/html": '<table><tr><td style="padding:2px 10px;color:#b2182b">no'}),
        ['style="padding:2px 10px;color:#b2182b"'],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_to_be_read_stays(pages, name):
    cell, parts = FORMS[name]
    text = shown(pages.exporters["feedback"], [cell])
    assert [part for part in parts if part not in text] == []


def test_a_feedback_page_forbids_everything_but_mathjax(pages):
    page = LexborHTMLParser(shown(pages.exporters["feedback"], []))
    first = page.css_first("head").child
    while first.tag == "-text":
        first = first.next
    policy = first.attributes["content"]
    assert first.attributes["http-equiv"] == "Content-Security-Policy"
    scripts = {node.attributes["src"] for node in page.css("script[src]")}
    allowed = next(part.split()[1:] for part in policy.split("; ") if part.startswith("script-src"))
    assert all(src.startswith(allowed[0]) for src in scripts)
    assert "'unsafe-inline'" not in allowed
