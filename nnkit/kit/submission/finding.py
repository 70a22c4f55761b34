"""Which of the files that were handed in is a notebook of the release: by its name, or else by its stamp.

What is found under another name, in a folder or in a zip file is taken where it can be only one. Everything else is
named, and left to a person. Nothing is unpacked: a member of a zip file is read like a file, and as far as a file is.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nnkit.kit.submission.files import MOST_NAMED, UnreadableSubmission, plain_name, read_file
from nnkit.kit.submission.reading import shortened

MOST_DEPTH = 4
MOST_ENTRIES = 2_000
MOST_CANDIDATES = 40
MOST_FILES_OF_FULL_SIZE = 4
MOST_ZIPS = 5
# What operating systems and editors leave behind; no student is called like that.
LEFT_BY_PROGRAMS = frozenset({"__MACOSX", "__pycache__", ".ipynb_checkpoints", ".DS_Store", "@eaDir"})
_CHECKPOINTS = ".ipynb_checkpoints"
_ENDINGS = (".ipynb.json", ".ipynb.txt", ".ipynb", ".json", ".txt", "")
_EXPORTS = (".py", ".html", ".htm", ".pdf", ".md", ".docx", ".qmd")
_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".xz", ".bz2")
_STAMP = re.compile(rb'"nnkit"\s*:\s*\{([^{}]{0,2000})\}')
_ENTRY = b"PK\x01\x02"  # begins every entry of a zip file's directory


class MissingNotebook(UnreadableSubmission):
    """Nothing that was handed in can be the notebook."""


@dataclass(frozen=True)
class Found:
    """A file that may be the notebook: where it lies, as messages show it, and what it holds."""

    name: str
    content: bytes
    stem: str
    ending: str
    is_checkpoint: bool = False

    def is_of(self, assignment: str, notebook: str) -> bool:
        """Whether its stamp says that it was released as this notebook."""
        return stamp_of(self.content) == (assignment, notebook)


@dataclass(frozen=True)
class HandedIn:
    """The notebook that was found, what is to be said of the way, and others that may be meant if it holds no work."""

    content: bytes
    remark: str = ""
    others: tuple[tuple[str, bytes], ...] = ()


def find_notebook(folder: Path, assignment: str, notebook: str, siblings: Collection[str], most: int) -> HandedIn:
    """Find and read a notebook of the release among what a student handed in.

    Parameters
    ----------
    folder : Path
    assignment, notebook : str
        Of the release.
    siblings : collection of str
        All notebooks of the assignment.
    most : int
        Bytes of a file that are read.

    Raises
    ------
    MissingNotebook
        Nothing there can be it.
    UnreadableSubmission
        It can't be read, or a person has to say which one it is.
    """
    name = f"{notebook}.ipynb"
    if folder.is_symlink() or not folder.is_dir() or os.path.lexists(folder / name):
        content = read_file(folder, name, most)
        beside = list(_candidates(folder, most, skip={f"{each}.ipynb" for each in siblings}))
        copies = [each for each in beside if not each.is_checkpoint and each.is_of(assignment, notebook)]
        return HandedIn(content, others=tuple((each.name, each.content) for each in copies if each.content != content))
    found = list(_candidates(folder, most))
    stamped = [each for each in found if each.is_of(assignment, notebook)]
    chosen = _only(stamped) or ([] if stamped else _only(_by_name(found, notebook)))
    if chosen:
        return HandedIn(chosen[0].content, _about(name, chosen[0], stamped=bool(stamped)))
    doubtful = stamped or _by_name(found, notebook) or _leftover(found, siblings)
    names = [each.name for each in doubtful] or list(_named_only(folder, siblings))
    if not names:
        raise MissingNotebook(f"{name} was not handed in.")
    shown = ", ".join(repr(shortened(each)) for each in names[:MOST_NAMED])
    raise UnreadableSubmission(
        f"{name} was not handed in. There is {shown}: a person decides whether that is it. Hand notebooks in as {name}."
    )


def is_handed_in(folder: Path, assignment: str, notebook: str, siblings: Collection[str], most: int) -> bool:
    """Whether there is the notebook, or anything that a person has to look at; as `find_notebook`."""
    if os.path.lexists(folder / f"{notebook}.ipynb"):
        return True
    try:
        find_notebook(folder, assignment, notebook, siblings, most)
    except MissingNotebook:
        return False
    except UnreadableSubmission:
        return True
    return True


def stamp_of(content: bytes) -> tuple[str, str] | None:
    """Assignment and notebook by the stamp of a notebook's text, which is not parsed for it."""
    stamps = _STAMP.findall(content)
    if not stamps:
        return None
    values = {key: value for key in ("assignment", "notebook") if (value := _value(stamps[-1], key))}
    return (values["assignment"], values["notebook"]) if len(values) == 2 else None


def _value(stamp: bytes, key: str) -> str:
    match = re.search(rb'"' + key.encode() + rb'"\s*:\s*"([^"\\]{1,200})"', stamp)
    return "" if match is None else match[1].decode("utf-8", "replace")


def _only(found: list[Found]) -> list[Found]:
    """The one file, if all that are no checkpoints hold the same."""
    proper = [each for each in found if not each.is_checkpoint] or found
    return proper[:1] if len({each.content for each in proper}) == 1 else []


def _by_name(found: list[Found], notebook: str) -> list[Found]:
    wanted = plain_name(notebook)
    return [each for each in found if stamp_of(each.content) is None and plain_name(each.stem) == wanted]


def _leftover(found: list[Found], siblings: Collection[str]) -> list[Found]:
    """Notebooks without a stamp whose names are those of no other notebook."""
    known = {plain_name(each) for each in siblings}
    return [
        each
        for each in found
        if "ipynb" in each.ending and stamp_of(each.content) is None and plain_name(each.stem) not in known
    ]


def _about(name: str, found: Found, *, stamped: bool) -> str:
    shown = repr(shortened(found.name))
    if found.is_checkpoint:
        return (
            f"{name} was not handed in, only the checkpoint {shown} that JupyterLab keeps: it is graded, and may be "
            "older than your last version."
        )
    why = "whose stamp says that it is this notebook" if stamped else "by its name"
    return f"{name} was not handed in: {shown} is graded, {why}."


def _candidates(folder: Path, most: int, skip: Collection[str] = ()) -> Iterator[Found]:
    """Files that may be notebooks, those within zip files included; no more of them than memory should hold."""
    left, size, zips = MOST_CANDIDATES, 0, 0
    for path in _files(folder):
        if left <= 0 or size > MOST_FILES_OF_FULL_SIZE * most:
            return
        if path.as_posix() in skip:
            continue
        if path.suffix.casefold() == ".zip":
            zips += 1
            if zips <= MOST_ZIPS:
                for found in _members(folder, path, most, left):
                    left, size = left - 1, size + len(found.content)
                    yield found
            continue
        stem, ending = _parted(path.name)
        if stem and (content := _read(folder, path, most)) is not None and _may_be(stem, ending, content):
            left, size = left - 1, size + len(content)
            checkpoint = _CHECKPOINTS in path.parts
            yield Found(path.as_posix(), content, stem.removesuffix("-checkpoint"), ending, checkpoint)


def _may_be(stem: str, ending: str, content: bytes) -> bool:
    """Whether a file is a notebook by its ending, or else by its stamp or the way it begins."""
    return "ipynb" in ending or stamp_of(content) is not None or b'"nbformat"' in content


def _parted(name: str) -> tuple[str, str]:
    """A file's name without the ending that a notebook may have got, and the ending."""
    folded = name.casefold()
    ending = next(each for each in _ENDINGS if folded.endswith(each))
    if not ending and "." in name:
        return "", ""
    stem = name[: len(name) - len(ending)]
    return (stem[: -len(".ipynb")] if stem.casefold().endswith(".ipynb") else stem), ending


def _read(folder: Path, path: Path, most: int) -> bytes | None:
    try:
        return read_file(folder, path.as_posix(), most)
    except UnreadableSubmission:
        return None


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder by their paths in it, none of them hidden or behind a link."""
    count = 0
    for place, folders, files, descriptor in os.fwalk(folder, follow_symlinks=False):
        below = Path(place).relative_to(folder)
        folders[:] = sorted(each for each in folders if _is_looked_into(each)) if len(below.parts) < MOST_DEPTH else []
        for name in sorted(files):
            count += 1
            if count > MOST_ENTRIES:
                return
            if not name.startswith(".") and _is_regular(name, descriptor):
                yield below / name


def _is_looked_into(folder: str) -> bool:
    return folder == _CHECKPOINTS or not (folder.startswith(".") or folder in LEFT_BY_PROGRAMS)


def _is_regular(name: str, descriptor: int) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _members(folder: Path, path: Path, most: int, left: int) -> Iterator[Found]:
    """Notebooks in a zip file."""
    content = _read(folder, path, most)
    if content is None or content.count(_ENTRY) > MOST_ENTRIES:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                name = PurePosixPath(member.filename.replace("\\", "/"))
                hidden = any(part.startswith(".") or part in LEFT_BY_PROGRAMS for part in name.parts)
                stem, ending = _parted(name.name)
                plain = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                if hidden or not stem or "ipynb" not in ending or not plain or member.is_dir() or left <= 0:
                    continue
                left -= 1
                with archive.open(member) as file:
                    text = file.read(most + 1)
                if len(text) <= most:
                    yield Found(f"{path.as_posix()}: {name}", text, stem, ending)
    except Exception:  # whatever a broken archive makes zipfile raise: nothing can be read from it
        return


def _named_only(folder: Path, siblings: Collection[str]) -> Iterator[str]:
    """Files that are no notebooks, but may hold one, or may have been made of one."""
    for path in _files(folder):
        name = path.name.casefold()
        if name.endswith((*_ARCHIVES, *_EXPORTS)) and path.parts[0] not in siblings:
            yield path.as_posix()
