"""Where each key of a TOML text stands: tomllib reads values but forgets their lines."""

from __future__ import annotations

import re
from functools import lru_cache

KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_TOKEN = re.compile(r'''"""|\'\'\'|"(?:\\.|[^"\\])*"|'[^']*'|#.*|[\[\]{}]''')


@lru_cache(maxsize=64)
def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table header and key of a TOML text that tomllib accepts.

    An array of tables has its index in the path: ``("assignment", 0, "due")``. Keys inside inline tables and the
    elements of plain arrays are not listed; `line_of` falls back to what encloses them. The dictionary is shared.
    """
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    depth, closing = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if depth or closing:
            depth, closing = _scan(line, depth, closing)
            continue
        if header := _HEADER.match(line):
            brackets, name = header.groups()
            table = _resolve(_parts(name), counts)
            if brackets == "[[":
                index = counts.get(table, -1) + 1
                counts[table] = index
                table = (*table, index)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            path: KeyPath = table
            for part in _parts(key.group(1)):
                path = (*path, part)
                found.setdefault(path, number)
            depth, closing = _scan(line[key.end() :], 0, "")
    return found


def line_of(text: str, path: KeyPath, value: object = None) -> int:
    """The line of the key at `path`, or of the nearest key that encloses it; 1 when there is none.

    With the `value` of an array's element given, the line of that quoted value at or below the key's own line.
    """
    found = key_lines(text)
    place = path
    while place and place not in found:
        place = place[:-1]
    line = found.get(place, 1)
    if isinstance(value, str) and place != path:
        quoted = re.compile(r"""(["'])""" + re.escape(value) + r"\1")
        for number, content in enumerate(text.splitlines()[line - 1 :], start=line):
            if quoted.search(content):
                return number
    return line


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _resolve(parts: list[str], counts: dict[KeyPath, int]) -> KeyPath:
    """Give every array of tables on the way the index of its latest element, except the last part itself."""
    path: KeyPath = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if position < len(parts) - 1 and path in counts:
            path = (*path, counts[path])
    return path


def _scan(text: str, depth: int, closing: str) -> tuple[int, str]:
    """Follow brackets and multi-line strings over one line: a key's value goes on while either is open."""
    position = 0
    while position < len(text):
        if closing:
            end = text.find(closing, position)
            if end < 0:
                return depth, closing
            position, closing = end + 3, ""
            continue
        token = _TOKEN.search(text, position)
        if token is None:
            break
        position = token.end()
        if token.group() in ('"""', "'''"):
            closing = token.group()
        elif token.group() in "[{":
            depth += 1
        elif token.group() in "]}":
            depth -= 1
    return depth, closing
