"""Ways to make a submitted folder wrong."""

from __future__ import annotations

import copy
import json
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

DISPLAYS = """
from IPython.display import display
print("half a character: \\ud800")
display({"image/png": "AAAA", "text/plain": "a"}, metadata={"filenames": {"image/png": "../../../escaped"}}, raw=True)
"""


@dataclass(frozen=True)
class Handing:
    """What a spoiler has at hand."""

    folder: Path
    """The submitted folder, still empty."""
    solved: dict
    """A notebook with everything right, as plain data."""
    released: dict
    """The notebook as released."""
    neighbour: Path
    """The folder of a student who has everything right."""
    marker: Path
    """Code that is imported or run outside the locked process writes here."""

    @property
    def file(self) -> Path:
        return self.folder / "net.ipynb"


def text(notebook: dict) -> str:
    return json.dumps(notebook)


def raw(content: Callable[[str], str | bytes]) -> Callable[[Handing], None]:
    """Hand in what is made of the right notebook's text."""

    def spoil(at: Handing) -> None:
        made = content(text(at.solved))
        at.file.write_bytes(made if isinstance(made, bytes) else made.encode())

    return spoil


def in_metadata(text: str, value: str) -> str:
    return text.replace('"metadata": {', f'"metadata": {{"odd": {value}, ', 1)


def odd_values(text: str) -> str:
    """Twice the same key, not a number, a format of tomorrow, one id for every cell, no kernel."""
    notebook = json.loads(text)
    notebook["metadata"].update(x=float("nan"), y=float("-inf"), kernelspec=None)
    notebook["nbformat_minor"] = 99
    for each in notebook["cells"]:
        each["id"] = "same"
    return json.dumps(notebook).replace('"nbformat": 4', '"nbformat": 3, "nbformat": 4')


def edited(change: Callable[[dict], object], start: str = "solved") -> Callable[[Handing], None]:
    """Hand in the right notebook (or the released one), changed as data."""

    def spoil(at: Handing) -> None:
        notebook = copy.deepcopy(getattr(at, start))
        change(notebook)
        at.file.write_text(text(notebook))

    return spoil


def beside(make: Callable[[Handing], object]) -> Callable[[Handing], None]:
    """Hand in the right notebook, and something beside it."""

    def spoil(at: Handing) -> None:
        at.file.write_text(text(at.solved))
        make(at)

    return spoil


def cell(notebook: dict, grade_id: str) -> dict:
    return next(each for each in notebook["cells"] if each["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def with_cell(grade_id: str, **changes: object) -> Callable[[Handing], None]:
    return edited(lambda notebook: cell(notebook, grade_id).update(changes))


def without(grade_id: str, key: str) -> Callable[[Handing], None]:
    return edited(lambda notebook: cell(notebook, grade_id).pop(key))


def with_metadata(**changes: object) -> Callable[[Handing], None]:
    return edited(lambda notebook: notebook["metadata"].update(changes))


def without_cells(*grade_ids: str) -> Callable[[Handing], None]:
    return edited(lambda notebook: [notebook["cells"].remove(cell(notebook, grade_id)) for grade_id in grade_ids])


def with_code(source: str, **more: object) -> Callable[[Handing], None]:
    return edited(lambda notebook: notebook["cells"].append({**nbformat.v4.new_code_cell(source, id="added"), **more}))


def twice(notebook: dict) -> None:
    """The first copy of the answers is wrong, the second right."""
    for grade_id in ("double_forward", "zero"):
        first = cell(notebook, grade_id)
        second = copy.deepcopy(first)
        first["source"] = first["source"].replace("np.add(x, x)", "3 * x").replace("A", "B")
        notebook["cells"].insert(notebook["cells"].index(first) + 1, second)


def promote(notebook: dict) -> None:
    for each in notebook["cells"]:
        if "nbgrader" in each["metadata"]:
            each["metadata"]["nbgrader"].update(points=1000, checksum="0", schema_version=99)
        if str(each["metadata"].get("nbgrader", {}).get("grade_id")).startswith("test_"):
            each["source"] = "1000.0"


def turn_flags(notebook: dict) -> None:
    for each in notebook["cells"]:
        about = each["metadata"].get("nbgrader", {})
        about.update({key: not about[key] for key in ("solution", "locked", "grade") if key in about})


def of_another_assignment(notebook: dict) -> None:
    notebook["metadata"]["nnkit"].update(assignment="a0", notebook="other", content="0")
    for each in notebook["cells"]:
        each["source"] = "" if each["cell_type"] == "code" else each["source"]
        if "nbgrader" in each["metadata"]:
            each["metadata"]["nbgrader"]["grade_id"] += "_of_a0"


def attach(notebook: dict) -> None:
    prose = next(each for each in notebook["cells"] if each["cell_type"] == "markdown")
    prose["attachments"] = {"../../../escaped.png": {"image/png": "AAAA"}, "/tmp/x": {"image/png": "AAAA"}}
    code = next(each for each in notebook["cells"] if each["cell_type"] == "code")
    code["outputs"] = [
        {
            "output_type": "display_data",
            "data": {"image/png": "AAAA"},
            "metadata": {"filenames": {"image/png": "../../../escaped.png"}},
        }
    ]


def modules(at: Handing) -> None:
    """Everything that Python, pytest or a shell would pick up from a folder it is pointed at."""
    code = f"open({str(at.marker)!r}, 'a').write(__file__)\n"
    for name in ("numpy.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "test_net.py", "nnkit/__init__.py"):
        (at.folder / name).parent.mkdir(exist_ok=True)
        (at.folder / name).write_text(code)
    (at.folder / "evil.pth").write_text(f"import builtins; {code}")
    (at.folder / "pytest.ini").write_text("[pytest]\naddopts = -p conftest\n")
    (at.folder / "setup.cfg").write_text("[tool:pytest]\naddopts = -p conftest\n")
    (at.folder / "nbgrader_config.py").write_text(code)


def odd_files(at: Handing) -> None:
    for name in (b" net .txt", "ünï\u2215cødé".encode(), b"new\nline", b"x" * 255, b"\xff", b"-rf", b"..."):
        (at.folder / os.fsdecode(name)).write_text("odd")
    os.mkfifo(at.folder / "pipe")
    (at.folder / "link").symlink_to("/etc/passwd")
    (at.folder / ".nbgrader_cache").mkdir()
    with (at.folder / "big.bin").open("wb") as file:
        file.truncate(2**36)


def device(at: Handing) -> None:
    try:
        os.mknod(at.file, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:  # not for everyone, nor in every container
        os.mkfifo(at.file)


def linked(target: Callable[[Handing], object]) -> Callable[[Handing], None]:
    return lambda at: at.file.symlink_to(str(target(at)))


def linked_folder(at: Handing) -> None:
    at.folder.rmdir()
    at.folder.symlink_to(at.neighbour)


def file_for_a_folder(at: Handing) -> None:
    at.folder.rmdir()
    at.folder.write_text("not a folder")


def timed(make: Callable[[Path], object]) -> Callable[[Handing], None]:
    """An odd time, and a notebook that takes no time to grade: none."""

    def spoil(at: Handing) -> None:
        at.file.touch()
        make(at.folder / "timestamp.txt")

    return spoil


def named(name: str) -> Callable[[Handing], None]:
    return lambda at: (at.folder / name).write_text(text(at.solved))


def beside_nothing(make: Callable[[Handing], object]) -> Callable[[Handing], None]:
    """Hand in something, and no notebook."""

    def spoil(at: Handing) -> None:
        make(at)

    return spoil


def folders_without_end(at: Handing) -> None:
    place = at.folder
    for number in range(60):
        place = place / f"deeper{number}"
        place.mkdir()
        (place / "again").symlink_to(at.folder)
    (place / "net.ipynb").write_text(text(at.solved))


def zip_bomb(at: Handing) -> None:
    with zipfile.ZipFile(at.folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(20):
            with file.open(f"{number}/net.ipynb", "w") as member:
                for _ in range(50):
                    member.write(b" " * 10**6)


def zip_slip(at: Handing) -> None:
    with zipfile.ZipFile(at.folder / "slip.zip", "w") as file:
        file.writestr("../../../escaped.ipynb", text(at.solved))
        file.writestr("/tmp/escaped.txt", "escaped")


def zip_of_links(at: Handing) -> None:
    link = zipfile.ZipInfo("net.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(at.folder / "links.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
