"""Where attacks are tried: a course with a secret in every place that matters, and things outside that feel a touch."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import nbformat
from nbformat import NotebookNode
from tiny_course import change, write_course

import nnkit
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import notebook_text, solved_notebook, source_notebook
from nnkit.kit.course.file import load_course
from nnkit.kit.course.settings import Course
from nnkit.kit.demo.simulated_class import rewritten
from nnkit.kit.gradebook.rows import gradebook
from nnkit.kit.nbgrader.config_file import check_config_file
from nnkit.kit.release.publish import release

VARIABLE = "NNKIT_ATTACKS_SECRET"
LITTER = "nnkit-attack-litter"
# Two submissions at once, and as many again for what follows through.
USERS = 6
# Short, so that what sleeps or floods is cut off soon; long for an honest cell on a busy machine.
LIMITS = """
[limits]
memory_mb = 1024
processes = 24
open_files = 128
file_mb = 16
scratch_mb = 32
output_kb = 64
cell = { cpu_s = 5, wall_s = 4 }
item = { cpu_s = 5, wall_s = 4 }
notebook = { cpu_s = 20, wall_s = 20 }
"""
BYSTANDER = """
import os, signal, sys, time
if os.geteuid() == 0:
    os.setresgid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
    os.setresuid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
def note(number, frame):
    open(sys.argv[1], "a").write(f"{os.getpid()} got signal {number}\\n")
for number in range(1, 32):
    if number not in (9, 19, 17):
        signal.signal(number, note)
print("ready", flush=True)
while True:
    time.sleep(600)
"""


@dataclass
class Scene:
    """A released course with its secrets, and what lies around it; `known` is what an attacker may know."""

    base: Path
    course: Course
    release: NotebookNode
    solved: NotebookNode
    tokens: dict[str, str]
    known: dict[str, str]
    first_user: int
    connections: list[str] = field(default_factory=list)
    bystanders: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def temporary(self) -> Path:
        """Where the command under attack makes its temporary files."""
        return self.base / "tmp"

    @property
    def users(self) -> range:
        """User ids that locked processes get, and nobody else has."""
        return range(self.first_user, self.first_user + USERS)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the command under attack."""
        return {
            **os.environ,
            VARIABLE: self.tokens["environment"],
            "TMPDIR": str(self.temporary),
            "NNKIT_SANDBOX_UIDS": f"{self.users[0]}-{self.users[-1]}",
        }

    def harmed_bystanders(self) -> list[str]:
        """Signals that bystanders got, and bystanders that are gone."""
        notes = self.base / "signals"
        harmed = notes.read_text().splitlines() if notes.exists() else []
        return harmed + [f"{each.pid} is gone" for each in self.bystanders if each.poll() is not None]


@contextlib.contextmanager
def scene() -> Iterator[Scene]:
    """Build the course and what surrounds it, all of it open to every user, so that only the sandbox protects it."""
    base = Path(tempfile.mkdtemp(prefix="nnkit-attacks-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, base)
        base.chmod(0o777)
        tokens = {
            place: "tk" + secrets.token_hex(12)
            for place in (
                "seed", "graders", "expected", "answer", "scheme", "solutions", "neighbour", "gradebook", "environment",
                "home", "shared", "records",
            )
        }  # fmt: skip
        course = _course(base / "course", tokens)
        (base / "tmp").mkdir()
        ssh = base / "home" / ".ssh"
        ssh.mkdir(parents=True)
        (ssh / "id_ed25519").write_text(tokens["home"])
        (base / "shared.txt").write_text(tokens["shared"])
        first_user = 60600 + USERS * random.randrange(90)
        solved = solved_notebook(source_notebook(load_template(course, "a1", "net")))
        release = nbformat.read(course.release("a1", "net"), as_version=4)
        place = Scene(base, course, release, solved, tokens, {}, first_user)
        addresses = _listen(stack, place)
        stack.callback(_stop, place.bystanders)
        _post_bystanders(place)
        place.known.update(
            addresses,
            COURSE=str(course.root),
            HOME=str(place.home),
            SHARED=str(base / "shared.txt"),
            TMP=str(base),
            LITTER=LITTER,
            VARIABLE=VARIABLE,
            PROJECT=str(Path(nnkit.__file__).parent),
            BYSTANDERS=repr([each.pid for each in place.bystanders]),
        )
        _open_to_all(base)
        yield place


def _course(root: Path, tokens: dict[str, str]) -> Course:
    """The tiny course with a secret in each of its hidden parts, proven and released."""
    write_course(root)
    roots = [round(random.uniform(10, 99), 6) for _ in range(3)]
    loss = 0.25 * sum(2 * root**0.5 + 1 for root in roots)
    tokens["loss"] = repr(loss)[:14]
    text = (root / "course.toml").read_text()
    (root / "course.toml").write_text(text[: text.index("\n[limits]")] + LIMITS)
    change(root, "course.toml", 'seed = "s"', f'seed = "{tokens["seed"]}"')
    graders = "tests/graders/a1/test_net.py"
    change(root, graders, "np.sqrt([1.0, 2.0, 3.0])", f"np.sqrt({roots})")
    change(root, graders, "SECRET_SIZES = (17, 23)", f'SECRET_SIZES = (17, 23)\nSECRET = "{tokens["graders"]}"')
    change(root, graders, '    """Secretly larger."""', '    """Secretly larger."""\n    kept_in_the_frame = SECRET')
    change(root, "source/a1/net.md", "Because emptiness counts", f"Because {tokens['answer']} counts")
    change(root, "source/a1/net.md", "for the word emptiness", f"for the word {tokens['scheme']}")
    # Pictures are half of what a locked process costs, and no attack's matter.
    change(root, "source/a1/net.md", "%matplotlib inline\n", "")
    with h5py.File(root / "tests/graders/a1/net.h5", "a") as file:
        del file["hidden/Net/secret_loss"]
        file["hidden/Net/secret_loss"] = loss
        file["hidden/Net/secret_loss"].attrs["token"] = tokens["expected"]
    course = load_course(root)
    verification = release(course, "a1")
    assert verification.ok, verification.as_dict()
    _fill_other_folders(course, tokens)
    (course.root / ".cache" / "grading.lock").touch()  # as every run of the command leaves it
    check_config_file(course)  # likewise
    return course


def _fill_other_folders(course: Course, tokens: dict[str, str]) -> None:
    solved = solved_notebook(source_notebook(load_template(course, "a1", "net")))
    executed = nbformat.read(course.solutions("a1", "net"), as_version=4)
    executed.metadata["secret"] = tokens["solutions"]
    nbformat.write(executed, course.solutions("a1", "net"))
    neighbour = course.submitted("neighbour", "a1", "net")
    neighbour.parent.mkdir(parents=True)
    mine = rewritten(solved, "double_forward", lambda text: f'SECRET = "{tokens["neighbour"]}"\n{text}')
    neighbour.write_text(notebook_text(mine))
    record = course.records("alumna", "a1", "net")
    record.parent.mkdir(parents=True)
    record.write_text(f'{{"student": "alumna", "secret": "{tokens["records"]}"}}\n')
    with gradebook(course) as book:
        book.update_or_create_student("alumna", last_name=tokens["gradebook"])
        book.update_or_create_submission("a1", "alumna")
        for grade in book.find_submission_notebook("net", "a1", "alumna").grades:
            grade.manual_score, grade.needs_manual_grade = 1.25, False
        book.db.commit()


def _listen(stack: contextlib.ExitStack, place: Scene) -> dict[str, str]:
    """Sockets of three kinds that note every caller; gives their addresses."""
    abstract, path = f"nnkit-attacks-{secrets.token_hex(6)}", str(place.base / "socket")
    port = ""
    for kind, family, address in (
        ("TCP", socket.AF_INET, ("127.0.0.1", 0)),
        ("path", socket.AF_UNIX, path),
        ("abstract", socket.AF_UNIX, f"\0{abstract}"),
    ):
        listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.bind(address)
        listener.listen()
        if kind == "TCP":
            port = str(listener.getsockname()[1])
        threading.Thread(target=_note_callers, args=(listener, kind, place.connections), daemon=True).start()
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
    return {"PORT": port, "PATH_SOCKET": path, "ABSTRACT_SOCKET": abstract}


def _note_callers(listener: socket.socket, kind: str, connections: list[str]) -> None:
    with contextlib.suppress(OSError):
        while True:
            caller, _ = listener.accept()
            connections.append(f"a {kind} connection")
            caller.close()


def _post_bystanders(place: Scene) -> None:
    """A process of every user that locked processes will have: what a submission may not signal or read."""
    for user in place.users if os.geteuid() == 0 else [os.getuid()]:
        arguments = [sys.executable, "-I", "-S", "-c", BYSTANDER, str(place.base / "signals")]
        bystander = subprocess.Popen([*arguments, str(user)], stdout=subprocess.PIPE, text=True, env={})
        place.bystanders.append(bystander)
    for bystander in place.bystanders:
        assert bystander.stdout is not None
        assert bystander.stdout.readline() == "ready\n"


def _stop(bystanders: list[subprocess.Popen[str]]) -> None:
    for bystander in bystanders:
        bystander.kill()
        bystander.wait()
        if bystander.stdout is not None:
            bystander.stdout.close()


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() or path.is_socket() else 0o666)
