"""Pictures and files that a notebook's prose points to, and that students do not receive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

from nnkit.kit.authoring.data_use import data_files
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.errors import Finding

_IN_MARKDOWN = re.compile(r"\]\(\s*<?([^\s)>]+)")
_IN_HTML = re.compile(r"""<(?:img|a|source)\b[^>]*?\b(?:src|href)\s*=\s*["']([^"']+)""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", re.DOTALL)


def missing_targets(template: Template) -> Iterator[Finding]:
    """Links of the prose that lead to no file of the released folder."""
    settings = template.course.assignment(template.assignment)
    received = {f"{notebook}.ipynb" for notebook in settings.notebooks} | {"README.md", "requirements.txt"}
    received |= {PurePosixPath(name).name for name in settings.files} | set(
        data_files(template.course, template.assignment)
    )
    for cell in template.cells:
        if cell.kind not in ("prose", "choose", "explain"):
            continue
        text = _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), cell.prompt or cell.source)
        for match in (*_IN_MARKDOWN.finditer(text), *_IN_HTML.finditer(text)):
            target = unquote(match.group(1).partition("#")[0].partition("?")[0])
            place = str(PurePosixPath(target))
            if not target or _ELSEWHERE.match(target) or place in received or place.startswith(("nnkit/", "checks/")):
                continue
            if place in data_files(template.course, template.assignment):
                continue
            line = cell.line + (cell.kind != "prose") + text.count("\n", 0, match.start())
            mend = f"name its path in files of {template.assignment} in course.toml, and link to its bare name"
            yield Finding(f'"{target}" is no file that students receive', template.shown, line, mend)
