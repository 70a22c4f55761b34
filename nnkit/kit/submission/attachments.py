"""Pictures that a student pasted into a written answer: kept for the person who reads it, everything else left out."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

MOST_BYTES = 3_000_000  # as base64, of all pictures of a notebook together
_PLAIN_NAME = re.compile(r"[\w-][\w .()-]{0,99}")
_BEGINS_WITH = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}


class Pictures:
    """Picks the pictures out of a notebook's attachments.

    Whether a browser can be given them is looked at when a page is made of them.
    """

    def __init__(self) -> None:
        self._left = MOST_BYTES

    def among(self, attachments: Any) -> tuple[dict[str, dict[str, str]], int]:
        """The pictures of a cell by file name, and how many attachments were left out."""
        if not isinstance(attachments, dict):
            return {}, 0
        kept: dict[str, dict[str, str]] = {}
        for name, forms in attachments.items():
            picture = self._picture(forms) if _PLAIN_NAME.fullmatch(name) else None
            if picture is not None:
                kept[name] = picture
        return kept, len(attachments) - len(kept)

    def _picture(self, forms: Any) -> dict[str, str] | None:
        for mime, beginning in _BEGINS_WITH.items():
            encoded = forms.get(mime) if isinstance(forms, dict) else None
            if isinstance(encoded, list) and all(isinstance(line, str) for line in encoded):
                encoded = "".join(encoded)
            if isinstance(encoded, str) and len(encoded) <= self._left and _decoded(encoded).startswith(beginning):
                self._left -= len(encoded)
                return {mime: encoded}
        return None


def _decoded(encoded: str) -> bytes:
    """The bytes of base64 text; none if it is anything else."""
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
