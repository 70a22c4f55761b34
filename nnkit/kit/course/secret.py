"""The course's secret: 128 random bits in a file beside course.toml, from which every key is derived."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.settings import Course

BITS = 128
_SECRET = re.compile(rf"[0-9a-f]{{{BITS // 4},}}")
_KEPT = "keep it with your backups, in no repository, and give it to nobody"


def secret_file(course: Course) -> Path:
    """Where the secret lies."""
    return course.root / ".secret"


def make_secret(course: Course) -> str:
    """Make the secret of a course that has none yet.

    Returns
    -------
    str
        What to tell the instructor; empty if there was one already.
    """
    file = secret_file(course)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return ""
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{secrets.token_hex(BITS // 8)}\n")
    return f"{file.name}: made; it seeds hidden inputs and held-out data: {_KEPT}"


def key(course: Course, purpose: str) -> bytes:
    """A key for one purpose: whoever learns it can work out neither the secret nor the key for another.

    Raises
    ------
    CourseError
        There is no secret, it is none, or others can read it.
    """
    return hmac.digest(_read(course).encode(), purpose.encode(), "sha256")


def input_key(course: Course) -> str:
    """What seeds the random inputs of tests, together with the names of test and student."""
    return key(course, f"test inputs/{course.id}/{course.seed}").hex()


def held_out_seed(course: Course, data: str) -> int:
    """What held-out data of that name are drawn with."""
    return int.from_bytes(key(course, f"held-out data/{data}")[: BITS // 8], "big")


def digest_of_keys(course: Course) -> str:
    """Tells one secret from another, and nothing else about it."""
    return hashlib.sha256(key(course, "digest") + input_key(course).encode()).hexdigest()[:16]


def _read(course: Course) -> str:
    file = secret_file(course)
    try:
        text = file.read_text(encoding="ascii").strip()
        mode = file.stat().st_mode
    except FileNotFoundError:
        mend = "put the course's own back from your backup; if it never had one, run: nnkit release"
        raise CourseError("there is no such file", file=file, mend=mend) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"it can't be read: {error}", file=file, mend="put it back from your backup") from None
    if not _SECRET.fullmatch(text):
        mend = "put it back from your backup; if nothing was released yet, delete it and run: nnkit release"
        raise CourseError(f"this is not {BITS} random bits as hexadecimal digits", file=file, mend=mend)
    if os.name == "posix" and mode & 0o077:
        raise CourseError("other users can read it", file=file, mend=f"run: chmod 600 {file}")
    return text
