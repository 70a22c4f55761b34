"""Pictures that a student pasted into a text: kept for the person who reads it, everything else left out."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote

MOST_BYTES = 16_000_000  # as base64, of all pictures of a notebook together
_PLAIN_NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)
_BEGINS_WITH = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
_ENDING = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
_INLINE = re.compile(r"data:(image/[a-z]+);base64,([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
_TAG = re.compile(r"<img\b[^<>]*\bsrc\s*=\s*[\"']?attachment:([\w.-]+)[\"']?[^<>]*>", re.IGNORECASE)
# What an editor leaves as it is in the address of an attachment.
_UNQUOTED = ("", "!'()*", "!'()*@,:;&=+$/?", " ()")


class Pictures:
    """Picks the pictures out of a notebook's Markdown cells: attachments, and those that stand in the text as base64.

    Both become attachments with plain names, which every page can show. Whether a browser can be given them is looked
    at when a page is made of them.
    """

    def __init__(self) -> None:
        self._left = MOST_BYTES
        self._count = 0

    def of(self, source: str, attachments: Any) -> tuple[str, dict[str, dict[str, str]], int]:
        """A cell's text with its pictures named anew, the pictures by these names, and how many were left out."""
        kept: dict[str, dict[str, str]] = {}
        given = attachments if isinstance(attachments, dict) else {}
        left_out = 0
        for name, forms in given.items():
            picture = self._picture(forms)
            if picture is None:
                left_out += 1
                continue
            plain = name if _PLAIN_NAME.fullmatch(name) and name not in kept else self._name(picture, given)
            if plain != name:
                source = _renamed(source, name, plain)
            kept[plain] = picture

        def attached(match: re.Match[str]) -> str:
            nonlocal left_out
            picture = self._picture({match[1].lower(): match[2]})
            if picture is None:
                left_out += 1
                return "attachment:left-out"
            plain = self._name(picture, given)
            kept[plain] = picture
            return f"attachment:{plain}"

        source = _INLINE.sub(attached, source)
        # Pages take attachments from Markdown only.
        return _TAG.sub(r"\n\n![](attachment:\1)\n\n", source), kept, left_out

    def _name(self, picture: dict[str, str], taken: Any) -> str:
        (mime,) = picture
        while True:
            self._count += 1
            name = f"picture-{self._count}.{_ENDING[mime]}"
            if name not in taken:
                return name

    def _picture(self, forms: Any) -> dict[str, str] | None:
        for mime, beginning in _BEGINS_WITH.items():
            encoded = forms.get(mime) if isinstance(forms, dict) else None
            if isinstance(encoded, list) and all(isinstance(line, str) for line in encoded):
                encoded = "".join(encoded)
            if isinstance(encoded, str) and len(encoded) <= self._left and _decoded(encoded).startswith(beginning):
                self._left -= len(encoded)
                return {mime: encoded}
        return None


def _renamed(source: str, name: str, plain: str) -> str:
    """The text with an attachment's new name, however its old one is written in an address."""
    forms = {name, *(quote(name, safe=safe) for safe in _UNQUOTED)}
    for form in sorted(forms, key=len, reverse=True):
        source = source.replace(f"<attachment:{form}>", f"attachment:{plain}")
        source = source.replace(f"attachment:{form}", f"attachment:{plain}")
    return source


def _decoded(encoded: str) -> bytes:
    """The bytes of base64 text; none if it is anything else."""
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
