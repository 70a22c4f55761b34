"""How a graded notebook becomes a page: nbgrader's templates, with filters that let nothing of a student's act."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlsplit

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from nnkit.kit.reporting.converter import CONVERTER
from nnkit.kit.reporting.harmless_notebook import MOST_CHARACTERS, HarmlessNotebook
from nnkit.kit.reporting.sanitising import as_text

MOST_ENVIRONMENTS = 200
"""LaTeX environments in one text; nbconvert's search for their ends takes time in the square of their number."""

_TEMPLATES_MATHJAX = HTMLExporter.mathjax_url.default_value


@pass_context
def markdown2html(context: Context, source: str) -> Markup:
    """Markdown of a cell, an output or a comment as harmless HTML; as it was written if that takes too long."""
    cell = context.get("cell") or {}
    text = str(source or "")
    if len(text) > MOST_CHARACTERS or text.count("\\begin{") > MOST_ENVIRONMENTS:
        return Markup(as_text(text))
    return _converted(text, "markdown", text, dict(cell.get("attachments", {})))


def clean_html(html: str | bytes) -> Markup:
    """An HTML output as harmless HTML."""
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    return _converted(text, "html", text)


def highlight_code(source: str, language: str | None = None, metadata: Any = None) -> Markup:
    """A cell's code, coloured as Python whatever the notebook says; uncoloured if that takes too long."""
    return _converted(source, "code", source)


def _converted(text: str, conversion: str, *arguments: Any) -> Markup:
    html = CONVERTER.convert(conversion, *arguments)
    return Markup(as_text(text) if html is None else html)


def unchanged(html: str) -> str:
    """In place of nbconvert's strip_files_prefix, which makes "javascript:…" of the harmless "files/javascript:…"."""
    return html


class FeedbackPage(HTMLExporter):
    """nbgrader's feedback page with a second lock: its browser is told to run nothing but MathJax."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        html, made = super().from_notebook_node(nb, resources, **options)
        # "latest.js" asks a third server which version is the latest one, and the page waits for it.
        mathjax = self.mathjax_url.replace("/latest.js", "/MathJax.js")
        html = html.replace(f'src="{_TEMPLATES_MATHJAX}"', f'defer="" src="{escape(mathjax)}"', 1)
        policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(content_policy(mathjax), quote=True)}"/>'
        return html.replace("<head>", f"<head>\n{policy}", 1), made


def content_policy(mathjax_url: str) -> str:
    """A Content-Security-Policy for a page that loads nothing but MathJax, from the folder it is in."""
    parts = urlsplit(mathjax_url)
    mathjax = f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/"
    return (
        f"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' {mathjax}; font-src {mathjax}; "
        f"script-src {mathjax} 'unsafe-eval'; base-uri 'none'; form-action 'none'"
    )


def configure_pages(config: Config) -> None:
    """Make nbgrader's feedback and formgrader show submissions through here."""
    config.HTMLExporter.preprocessors = [HarmlessNotebook]
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {
        "markdown2html": markdown2html,
        "clean_html": clean_html,
        "highlight_code": highlight_code,
        "strip_files_prefix": unchanged,
    }
    config.GenerateFeedback.exporter_class = FeedbackPage
