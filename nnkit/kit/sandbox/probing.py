"""Finding the best tier of this host by attempting inside what must be forbidden there."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from . import runtime
from .limits import MIB, Limits
from .problems import SandboxError
from .process import LockedProcess
from .starting import start
from .tiers import Tier
from .view import View

_SECRET = "NNKIT_PROBE_SECRET"

# What is tried, and what a sentence calls it.
ACTS = {
    "read": "read a file outside the view",
    "write": "write outside the scratch folder",
    "tcp": "reach a TCP port of this machine",
    "abstract": "reach an abstract socket of another program",
    "path": "reach a path socket of another program",
    "signal": "kill a process of the grader's user",
    "root": "be root or hold a capability",
    "environment": "read the grader's environment",
    "nnkit": "import nnkit",
    "namespace": "make a user namespace of its own",
}

ATTEMPTS = """
import json, os, socket
target = json.loads(os.environ["PROBE_TARGET"])

def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(2)
        caller.connect(address)

def privileged():
    if os.getuid() and os.geteuid():
        try:
            status = open("/proc/self/status").read()
        except OSError:
            import ctypes
            header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
            ctypes.CDLL(None).capget(ctypes.byref(header), ctypes.byref(data))
            held = any(data)
        else:
            held = any(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("Cap"))
        if not held:
            raise PermissionError

def environment():
    if target["secret"] not in os.environ:
        if target["secret"].encode() not in open(f"/proc/{target['pid']}/environ", "rb").read():
            raise PermissionError

def kill():
    if target["pid"] == os.getpid():  # the same number in another namespace
        raise ProcessLookupError
    os.kill(target["pid"], 9)

def read():
    open(target["canary"]).read()

def write():
    open(target["canary"], "a").write("changed")

def nnkit():
    import nnkit.kit

def namespace():
    import ctypes
    if ctypes.CDLL(None).unshare(0x10000000):
        raise PermissionError

acts = {
    "environment": environment,
    "read": read,
    "write": write,
    "tcp": lambda: connect(socket.AF_INET, ("127.0.0.1", target["port"])),
    "abstract": lambda: connect(socket.AF_UNIX, chr(0) + target["abstract"]),
    "path": lambda: connect(socket.AF_UNIX, target["path"]),
    "signal": kill,
    "root": privileged,
    "nnkit": nnkit,
    "namespace": namespace,
}
forbidden = {}
for name, act in acts.items():
    try:
        act()
        forbidden[name] = False
    except BaseException:
        forbidden[name] = True
os.write(target["out"], json.dumps(forbidden).encode())
"""


@dataclass(frozen=True)
class ProbeReport:
    """What came of trying one tier here.

    `checks` pairs each act with whether it was forbidden; `available` means that the tier started and, but for tier E,
    forbade them all; `reason` says in a sentence why not, and is empty otherwise.
    """

    tier: Tier
    available: bool
    reason: str
    checks: tuple[tuple[str, bool], ...]


@cache
def probe(tier: Tier) -> ProbeReport:
    """Start the tier and attempt in it every act that it must forbid; asked once for each process."""
    try:
        with targets() as target:
            forbidden = attempt(partial(_begin_cold, tier), target)
    except SandboxError as error:
        return ProbeReport(tier, False, str(error), ())
    except OSError as error:
        return ProbeReport(tier, False, f"the probe could not be set up: {error}", ())
    checks = tuple((ACTS[name], forbidden[name]) for name in ACTS)
    allowed = [act for act, refused in checks if not refused]
    if allowed and tier is not Tier.E:
        return ProbeReport(tier, False, f"a process inside could {', '.join(allowed)}", checks)
    return ProbeReport(tier, True, "", checks)


def best_tier() -> Tier:
    """The best tier that holds here; E where none does."""
    return next((tier for tier in Tier if probe(tier).available), Tier.E)


def _begin_cold(tier: Tier, limits: Limits, **options: Any) -> LockedProcess:
    return start(tier, View(), limits, ["python", "-c", ATTEMPTS], **options)


def attempt(begin: Callable[..., LockedProcess], target: Mapping[str, Any]) -> dict[str, bool]:
    """Which acts are forbidden to a process that runs `ATTEMPTS`.

    Parameters
    ----------
    begin : callable
        Starts it; gets its limits, ``pass_fds`` and ``env``.
    target : mapping
        From `targets`, which must have been there before all that the process descends from.
    """
    reader, writer = os.pipe()
    try:
        env = {"PROBE_TARGET": json.dumps({**target, "out": writer})}
        limits = Limits(cpu_s=10, memory_bytes=512 * MIB, scratch_bytes=8 * MIB)
        with begin(limits, pass_fds=[writer], env=env) as process:
            os.close(writer)
            writer = -1
            answer = _read(reader, 20.0)
            stderr = process.stderr_tail()
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)
    try:
        forbidden = json.loads(answer)
    except ValueError:
        raise SandboxError(f"the probe gave no answer: {stderr.strip()[-500:]}") from None
    return {name: forbidden[name] is True for name in ACTS}


@contextlib.contextmanager
def targets() -> Iterator[dict[str, Any]]:
    """Things outside that a submission must not reach, open to every user but for the sandbox."""
    folder = Path(tempfile.mkdtemp(prefix="nnkit-probe-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o777)
        canary = folder / "canary"
        canary.write_text("outside")
        canary.chmod(0o666)
        abstract = f"nnkit-probe-{secrets.token_hex(8)}"
        addresses: list[tuple[int, Any]] = [
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, f"\0{abstract}"),
            (socket.AF_UNIX, str(folder / "socket")),
        ]
        listeners = []
        for family, address in addresses:
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.bind(address)
            listener.listen()
            listeners.append(listener)
        (folder / "socket").chmod(0o777)
        os.environ[_SECRET] = "seen"
        stack.callback(os.environ.pop, _SECRET, None)
        neighbour = subprocess.Popen([runtime.python(), "-I", "-S", "-c", "import time; time.sleep(60)"])
        stack.callback(neighbour.wait)
        stack.callback(neighbour.kill)
        yield {
            "canary": str(canary),
            "port": listeners[0].getsockname()[1],
            "abstract": abstract,
            "path": str(folder / "socket"),
            "pid": neighbour.pid,
            "secret": _SECRET,
        }


def _read(descriptor: int, timeout: float) -> bytes:
    """All that comes until the other end closes, or time is up."""
    deadline = time.monotonic() + timeout
    data = b""
    while select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
        piece = os.read(descriptor, 65536)
        if not piece or len(data) > 65536:
            break
        data += piece
    return data
