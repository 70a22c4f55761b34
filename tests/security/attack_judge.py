"""Whether an attack succeeded, judged by what it brought about and not by what it says."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from page_payloads import doings

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")


@dataclass
class Evidence:
    """What grading left behind of one student."""

    record: dict[str, Any] | None
    grades: dict[str, tuple[float | None, bool]] = field(default_factory=dict)
    """By grade id: the gradebook's automatic score, and whether a person has to mark it."""
    texts: dict[str, str] = field(default_factory=dict)
    """Record, line of standard output, autograded notebook, feedback page."""
    outputs: str = ""
    """What the student's own cells put out."""


def violations(
    found: Evidence,
    untouched: Evidence,
    tokens: Mapping[str, str],
    tier: str,
    *,
    absent: Iterable[str] = (),
    unreadable: bool = False,
    waits: Collection[str] = (),
) -> list[str]:
    """Everything that an attack brought about and an untouched notebook does not; a sentence each.

    Parameters
    ----------
    found, untouched : Evidence
    tokens : mapping
        The secrets, by where they lie.
    tier : str
        In which it was to be graded.
    absent : texts
        That must not be shown, besides the secrets.
    unreadable : bool
        Its file must be refused as a whole: everything then waits for a person.
    waits : collection of str
        Items that may wait for a person.
    """
    if found.record is None:
        return ["it left no record"]
    assert untouched.record is not None
    wrong = []
    if found.record["tier"] != tier:
        wrong.append(f"it was graded in tier {found.record['tier']} instead of {tier}")
    if unreadable and found.record["status"] != "unreadable":
        wrong.append(f"it was graded ({found.record['status']})")
    if unreadable:
        waits = [item["item"] for item in untouched.record["items"]]
    wrong += _points(found.record, untouched.record, waits)
    wrong += _rows(found.grades, untouched.grades, waits)
    for where, text in found.texts.items():
        wrong += [f"the {where} shows the secret of: {place}" for place in shown(text, tokens)]
        wrong += [f"the {where} holds {piece!r}" for piece in absent if piece in text]
    return wrong + _acts(found.texts.get("feedback page", ""), untouched.texts.get("feedback page", ""))


def attempted(found: Evidence, proof: str) -> bool:
    """Whether an attack got as far as trying: its proof is in its cells' outputs or in the record."""
    return proof in found.outputs or (found.record is not None and proof in "\n".join(_strings(found.record)))


def _acts(page: str, untouched: str) -> list[str]:
    """What acts, loads, leads elsewhere or has a name on a page, and not on the one of an untouched notebook."""
    added = doings(page) - doings(untouched)
    return [f"its feedback page has {what} ({about[:100]})" for what, about in sorted(added)]


def _points(record: dict[str, Any], untouched: dict[str, Any], waits: Collection[str]) -> list[str]:
    wrong = []
    if record["score"] > untouched["score"]:
        wrong.append(f"it has {record['score']:g} points, an untouched notebook {untouched['score']:g}")
    if record["max_score"] != untouched["max_score"]:
        wrong.append(f"it changed the points to be had to {record['max_score']:g}")
    base = {item["item"]: item for item in untouched["items"]}
    if [item["item"] for item in record["items"]] != list(base):
        wrong.append("it changed the list of items")
        return wrong
    for item in record["items"]:
        score = item["score"]
        if score is None and item["kind"] != "explain" and item["item"] not in waits:
            wrong.append(f"{item['item']} is {item['status']}: it made work for a person")
        elif (score or 0) > (base[item["item"]]["score"] or 0):
            wrong.append(f"{item['item']}: {score:g} points")
    return wrong


def _rows(grades: Mapping[str, Any], untouched: Mapping[str, Any], waits: Collection[str]) -> list[str]:
    if set(grades) != set(untouched):
        return ["it changed the gradebook's list of grades"]
    wrong = []
    for grade_id, (score, by_hand) in grades.items():
        allowed, allowed_by_hand = untouched[grade_id]
        if (score or 0) > (allowed or 0):
            wrong.append(f"the gradebook has {score:g} points for {grade_id}")
        test, item = grade_id.startswith("test_"), grade_id.removeprefix("test_")
        if by_hand and not allowed_by_hand and test and item not in waits:
            wrong.append(f"the gradebook leaves {grade_id} to a person")
    return wrong


def shown(text: str, tokens: Mapping[str, str]) -> list[str]:
    """The secrets that a text holds: as they are, reversed, in hexadecimal digits, or in base64, which pictures are."""
    # Pictures are cut into lines, in a notebook's file each with its quotation marks.
    whole = re.sub(r'\\n|[\s",]+', "", text)
    pieces = [text.encode(errors="replace"), whole.encode(errors="replace")]
    for run in {*_BASE64.findall(text), *_BASE64.findall(whole)}:
        pieces.append(_from_base64(run))
    for run in {*_HEX.findall(text), *_HEX.findall(whole)}:
        pieces.append(bytes.fromhex(run))
    hay = b"\0".join(pieces)
    return [place for place, token in tokens.items() if any(guise in hay for guise in _guises(token.encode()))]


def _guises(token: bytes) -> list[bytes]:
    """The token either way, and as it looks in base64 that is glued to other letters, at each of three alignments."""
    ways = [token, token[::-1]]
    return ways + [base64.b64encode(b"\0" * shift + way)[4:-4] for way in ways for shift in range(3)]


def _from_base64(text: str) -> bytes:
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + "=" * (-len(text) % 4))


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def snapshot(folder: Path, without: Iterable[str] = ()) -> dict[str, str]:
    """Every file below a folder with its kind, permissions, owner and content; `without` names top-level entries."""
    skipped = set(without)
    seen = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.split(os.sep)[0] in skipped:
            continue
        status = path.lstat()
        if path.is_symlink():
            content = os.readlink(path)
        else:
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        seen[name] = f"{status.st_mode:o} {status.st_uid} {content}"
    return seen


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What is different between two snapshots; a sentence each."""
    return (
        [f"{name} is new" for name in sorted(set(after) - set(before))]
        + [f"{name} is gone" for name in sorted(set(before) - set(after))]
        + [f"{name} was changed" for name in sorted(set(before) & set(after)) if before[name] != after[name]]
    )


def outputs_of(notebook_text: str) -> str:
    """What the student's cells of a graded notebook put out, as text; the grader's own tables lie below test cells."""
    cells = json.loads(notebook_text)["cells"]
    own = (cell for cell in cells if not _is_test(cell["metadata"].get("nbgrader", {})))
    return "\n".join(_strings([cell.get("outputs", []) for cell in own]))


def _is_test(marks: dict[str, Any]) -> bool:
    return bool(marks.get("grade")) and not marks.get("solution")
