"""What a browser may be given of text that a student wrote: an allow-list, enforced by nh3 (ammonia).

A page of feedback or of nbgrader's formgrader is a person's browser session. On it, a student's HTML shows text,
tables, formulas and pictures; it runs nothing, loads nothing from elsewhere, links to nothing beside the notebook
(formgrader serves a submission's files from its own origin), and carries no name that the page's own scripts or styles
know.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from html import escape

import nh3
from PIL import Image
from pygments.token import STANDARD_TYPES

MOST_TAGS = 10_000
"""More than these cost a parser minutes when they are nested; a table of 60 rows and 20 columns has 2,600."""
MOST_PIXELS = 50_000_000
MOST_PIXELS_OF_A_PAGE = 150_000_000
"""A browser takes four bytes for each. A page of forty large figures has 40 million."""
PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF"}
DRAWING = "image/svg+xml"

# Prose, lists, tables, code and pictures, as Markdown, pandas and our own result tables make them.
TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "div", "span", "blockquote", "details", "summary"),
    *("a", "b", "strong", "i", "em", "u", "s", "del", "ins", "mark", "small", "sub", "sup", "abbr", "cite", "q"),
    *("code", "pre", "kbd", "samp", "var", "ul", "ol", "li", "dl", "dt", "dd", "input"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("img", "figure", "figcaption"),
}
STYLED = ("p", "div", "span", "table", "tr", "th", "td", "img")
# None of these can put an element over another part of the page, and none can load anything.
STYLES = {
    *("text-align", "vertical-align", "white-space", "padding", "width", "max-width", "border-collapse"),
    *("color", "background-color", "font-weight", "font-style", "text-decoration"),
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "title"},
    **{tag: {"style"} for tag in STYLED},
    "a": {"href"},
    "img": {"style", "src", "alt", "width", "height"},
    "table": {"style", "border"},
    "th": {"style", "colspan", "rowspan", "scope", "align"},
    "td": {"style", "colspan", "rowspan", "align"},
    "ol": {"start", "type"},
    "details": {"open"},
    "input": {"checked"},
}
# The classes that colour code and frame pandas' tables; others would be Bootstrap's, or what formgrader.js looks for.
CLASSES = {
    "div": {"highlight"},
    "span": {name for name in STANDARD_TYPES.values() if name},
    "table": {"dataframe"},
    "a": {"anchor-link"},
}
PREFIX = "prose-"
"""Stands before every id: formgrader finds its score and comment boxes by theirs."""

class PixelsOfPage:
    """How much of its pictures a page may still show."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin a new page."""
        self._left = MOST_PIXELS_OF_A_PAGE

    def take(self, pixels: int) -> bool:
        """Whether a picture of so many pixels is shown."""
        if pixels > min(MOST_PIXELS, self._left):
            return False
        self._left -= pixels
        return True


PIXELS = PixelsOfPage()

_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
_SIZE = re.compile(r"\d{1,4}(?:px|%)?")
# A picture of the released folder. No "..", no query: nothing else on the server can be addressed.
_RELEASED_PICTURE = re.compile(r"(?:[\w-]+/)*[\w-][\w .-]*\.(?:png|jpe?g|gif|svg)", re.IGNORECASE | re.ASCII)
_INLINE = re.compile(r"data:(image/[a-z+]+);base64,(.+)", re.IGNORECASE | re.DOTALL)


def harmless(html: str) -> str:
    """HTML that shows what `html` says and does nothing else.

    Parameters
    ----------
    html : str
        Anything at all.

    Returns
    -------
    str
        A fragment inside one ``div`` that paints nothing outside itself, formulas of negative width included.
    """
    if html.count("<") > MOST_TAGS:
        return as_text(html)
    clean = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        allowed_classes=CLASSES,
        filter_style_properties=STYLES,
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": "disabled"}},
        url_schemes={"http", "https", "mailto", "data"},
    )
    return f'<div style="contain:paint;overflow-x:auto">{clean}</div>'


def as_text(text: str) -> str:
    """Any text, to be read as it is."""
    return f"<pre>{escape(text)}</pre>"


def picture(mime: str, encoded: str) -> str | None:
    """The base64 of a picture that is one.

    Parameters
    ----------
    mime, encoded : str
        What it claims to be, and its bytes in base64.

    Returns
    -------
    str or None
        Clean base64, or None if the bytes are no picture of that kind, or one too large for the page.
    """
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if mime == DRAWING:
        return encoded_drawing(data.decode("utf-8", "replace"))
    if mime not in PICTURES:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=[PICTURES[mime]]) as image:
            width, height = image.size
    except Exception:  # whatever a broken file makes Pillow raise: it is no picture
        return None
    return base64.b64encode(data).decode("ascii") if PIXELS.take(width * height) else None


def encoded_drawing(svg: str) -> str | None:
    """An SVG drawing in base64 for an ``img``, where a browser runs no script of it and loads nothing for it.

    None for what is no drawing, or defines entities (a few lines of them fill any memory).
    """
    if "<svg" not in svg or "<!ENTITY" in svg:
        return None
    return base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "id":
        return PREFIX + value
    if name == "href":
        return _link(value.strip())
    if name == "src":
        return _source(value.strip())
    if tag == "img" and name in ("width", "height"):
        return value if _SIZE.fullmatch(value) else None
    return value


def _link(url: str) -> str | None:
    if url.startswith("#"):
        return f"#{PREFIX}{url[1:]}"
    return url if _LINK.fullmatch(url) else None


def _source(url: str) -> str | None:
    inline = _INLINE.fullmatch(url)
    if inline is None:
        return url if _RELEASED_PICTURE.fullmatch(url) else None
    mime = inline[1].lower()
    encoded = picture(mime, inline[2])
    return None if encoded is None else f"data:{mime};base64,{encoded}"
