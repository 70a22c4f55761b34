"""Throws damaged frames at the grader's end: ``python tests/security/wire_fuzzer.py --cases 20000 --seed 1``.

Frames are recorded from the locked process's own program, then flipped, cut, spliced, interleaved, and told to lie. One
third of the cases goes to a bare channel, the others to a session that is in the middle of a request. Whatever arrives
must end as a message, a value or one of the wire's errors, in a bounded time, and in the memory the process is given.
Every case is made from the seed and its number alone: ``--only NUMBER`` runs it again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import resource
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from nnkit.kit.locked.program.channel import Channel, PeerClosed, WireTimeout
from nnkit.kit.locked.program.events import Events
from nnkit.kit.locked.program.handles import Handles
from nnkit.kit.locked.program.requests import Requests
from nnkit.kit.locked.program.wire import FROM_AGENT, MAGIC, PREFIX, TO_AGENT, Message, WireError, encode
from nnkit.kit.locked.session import LockedSession, SessionLimits
from nnkit.student.errors import CheckFailure, StudentError
from nnkit.student.testing import Call, Opaque, Put, inout

REQUEST = 7
LONGEST_CASE_S = 20.0
MEMORY = 768 << 20
LIMITS = SessionLimits(start_s=5.0, grace_s=0.01, cell_output=20_000, notebook_output=50_000)
PLAIN = {np.ndarray, int, float, complex, bool, str, bytes, type(None)}

NAMESPACE: dict[str, Any] = {
    "affine": lambda x, w: (x @ w, (x, w)),
    "names": lambda: (np.array(["cat", "dög"]), "x" * 5000, 3 + 4j, np.float32(2), b"raw", True),
    "changing": lambda memory: memory.update(W=2 * memory["W"], more={"m": [1]}),
    "params": {"W": np.eye(3), "b": np.zeros(2, dtype=np.float32)},
    "mask": np.array([True, False]),
    "empty": np.zeros((0, 3)),
}


class Unbounded(BaseException):
    """A case that does not end."""


def recorded() -> dict[str, list[bytes]]:
    """Frames as the program in the locked process writes them, by what they answer."""
    table = Handles()
    requests = Requests(table, NAMESPACE, contextlib.nullcontext, lambda *_: None)
    frames: dict[str, list[bytes]] = {}

    def record(label: str, message: Message) -> None:
        frame = encode(Message(message.kind, {**message.fields, "request": REQUEST}), FROM_AGENT)
        frames.setdefault(label, []).append(b"".join(frame))

    def ask(kind: str, **fields: Any) -> Any:
        answer = requests.answer(kind, fields)
        record(fields.get("operation", kind), Message("result", answer))
        return answer["value"]

    affine, names, changing, params, *_ = [ask("get", name=name) for name in NAMESPACE]
    x, w = np.ones((2, 3)), np.ones((3, 2))
    ask("call", target=affine, args=(x, w), kwargs={}, pick=None, in_out=[])
    ask("call", target=changing, args=({"W": w, "n": (1, [2])},), kwargs={}, pick=None, in_out=[0])
    ask("call", target=names, args=(), kwargs={}, pick=None, in_out=[])
    ask("batch", target=affine, calls=[(x, w), (x, 2 * w)], kwargs={}, pick=None, in_out=[])
    ask("run", steps=[("call", affine, (x, w), {})], pick=0)
    for operation, operands in {"iter": (), "len": (), "getitem": ("W",), "contains": ("W",)}.items():
        ask("access", operation=operation, target=params, operands=operands)
    error = {"type": "ValueError", "message": "é", "traceback": "In [1]", "kind": "student_error"}
    record("error", Message("error", error))
    done = {"cell": "a", "ok": True, "kind": "", "cut": False, "execution_count": 3}
    record("cell", Message("cell_done", done))
    sent = tuple(map(table.outgoing_argument, (x, {"W": w, "n": 3}, [1, (2.5, None)])))
    record("callback", Message("callback", {"name": "lent", "args": sent, "kwargs": {"v": {"b": 1}}}))

    def report(cell: str, data: bytes) -> None:
        record("output", Message("output", {"cell": cell, "events": data}))

    events = Events(report, stop=lambda: None)
    events.begin("a", 10_000)
    events.stream("stdout", "50%\r100%\n")
    events.add({"type": "display_data", "data": {"text/html": "<b>x</b>"}, "metadata": {}, "display_id": "d"})
    events.add({"type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 1})
    events.end()
    return frames


READY = b"".join(encode(Message("ready"), FROM_AGENT))
TOKENS = [
    b"null", b"true", b"-1", b"0", b"1e999", b"NaN", b"9007199254740993", b"1" * 90, b"4" * 4400, b"[]", b"{}", b'""',
    b'"\\ud800"', b'"<U9"', b'"|O8"', b'"<f8"', b'"text"', b'"M8[s]"', b'{"a":0}', b'{"n":0}', b'{"u":0}', b'{"b":0}',
    b'{"k":[0,1]}', b'{"h":[1,"x"]}', b'{"f":1}', b'{"c":[1.0,2.0]}', b'{"t":[]}', b'{"l":[{"a":0}]}', b'{"d":[[0,1]]}',
    b"[" * 60 + b"]" * 60, b"[0,549755813888]", b"[2,2]", b'{"t":[true,{"t":[]}]}', b"[1,1,1,1]", b"1099511627776",
]  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9.eE+-]+|true|false|null|[\[\]{}]')


class Damage:
    """Makes the bytes of one case, more often than not from answers to what is asked."""

    def __init__(self, rng: random.Random, frames: dict[str, list[bytes]], label: str) -> None:
        self.rng = rng
        self.fitting = frames[label]
        self.asides = frames["output"] + frames["callback"]
        self.all = [frame for some in frames.values() for frame in some]

    def bytes(self) -> bytes:
        rng = self.rng
        kind = rng.randrange(12)
        data = self.frame()
        if kind == 0:
            return data[: rng.randrange(len(data))]
        if kind == 1:
            other = self.frame()
            return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]
        if kind == 2:
            return self.interleaved(data, self.frame())
        if kind == 3:
            return b"".join(self.frame() for _ in range(rng.randrange(2, 6))) + data
        if kind == 4:
            return self.lying(data)
        if kind == 5:
            return self.flipped(data)
        if kind in (6, 7):
            return self.reheaded(rng.choice(self.asides)) + rng.choice(self.asides) + data
        return self.reheaded(data)

    def frame(self) -> bytes:
        return self.rng.choice(self.fitting if self.rng.randrange(4) else self.all)

    def flipped(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(self.rng.choice((1, 1, 2, 8))):
            changed[self.rng.randrange(len(changed))] ^= 1 << self.rng.randrange(8)
        return bytes(changed)

    def interleaved(self, a: bytes, b: bytes) -> bytes:
        step, out = self.rng.randrange(1, 40), bytearray()
        for start in range(0, max(len(a), len(b)), step):
            out += a[start : start + step] + b[start : start + step]
        return bytes(out)

    def lying(self, data: bytes) -> bytes:
        _, header, body = PREFIX.unpack_from(data)
        lies = (0, 1, header - 1, header + 1, header + body, 1 << 20, (1 << 32) - 1)
        header = self.rng.choice((header, self.rng.choice(lies))) & 0xFFFFFFFF
        body = self.rng.choice((body, max(0, body - 1), body + 1, body + 8, 1 << 28, (1 << 64) - 1))
        return PREFIX.pack(MAGIC, header, body) + data[PREFIX.size :]

    def reheaded(self, data: bytes) -> bytes:
        """Another header and body, in a frame whose lengths are right: the way to what lies behind the first check."""
        _, size, _ = PREFIX.unpack_from(data)
        header, body = data[PREFIX.size : PREFIX.size + size], data[PREFIX.size + size :]
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            tokens = list(_TOKEN.finditer(header))
            if not tokens:
                break
            old, other = self.rng.choice(tokens), self.rng.choice(tokens)
            new = self.rng.choice((self.rng.choice(TOKENS), other[0], b"", old[0] + b"," + old[0]))
            header = header[: old.start()] + new + header[old.end() :]
        if not self.rng.randrange(4):
            body = self.flipped(body) if body else b"\1" * self.rng.randrange(20)
        return PREFIX.pack(MAGIC, len(header), len(body)) + header + body


class Played:
    """A process whose whole conversation has been written in advance."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __call__(self, descriptor: int) -> Played:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._socket.sendall(READY + self._data)
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def interrupt(self) -> None:
        """It has said all it has to say."""

    kill = interrupt

    def close(self) -> None:
        self._socket.close()

    def allow_cpu(self, seconds: float | None, /) -> float:
        return 0.0

    def overran(self) -> bool:
        return False

    def wait(self, timeout: float | None = None, /) -> Any:
        return SimpleNamespace(kind="exited", code=0, cpu_s=0.0)

    def stderr_tail(self) -> str:
        return ""


def through_channel(data: bytes) -> str:
    """Receive until the end; the last outcome."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        channel = Channel(ours, TO_AGENT, FROM_AGENT)
        try:
            while True:
                channel.receive(time.monotonic() + LONGEST_CASE_S)
        except PeerClosed:
            return "closed"
        except WireError:
            return "wire error"
        except WireTimeout:
            return "timeout"


def _use(session: LockedSession, label: str) -> Any:
    """What a test does with a submission, to which frames of this label are the answer."""
    submission = session.submission(5.0)
    handle: Any = session._make(1, "f", "function")
    uses: dict[str, Callable[[], Any]] = {
        "get": lambda: submission.affine,
        "call": lambda: handle(inout({"W": 1}), v={}),
        "batch": lambda: handle.batch([(1,), (2,)]),
        "run": lambda: submission.run([Call(handle, (1,)), Put(handle, "k", 1)], pick=0),
        "getitem": lambda: handle["key"],
        "iter": lambda: list(handle),
        "len": lambda: len(handle),
        "contains": lambda: "x" in handle,
        "error": lambda: handle.batch([(1,)], pick=0),
        "callback": lambda: submission.reset(),
    }
    return uses[label]()


def through_session(data: bytes, label: str) -> str:
    """Use a session whose process sends the data; what came of it."""
    with LockedSession(Played(data), LIMITS) as session:
        session.lent.set({"lent": lambda *args, **kwargs: (1, args)}, ())
        if label in ("cell", "output"):
            outcome = session.run_cell("a", "1", 5.0)
            json.dumps(outcome.outputs, ensure_ascii=False).encode()
            return f"cell {outcome.status}"
        try:
            found = _use(session, label)
        except StudentError as error:
            error.message.encode()
            return error.kind if session.alive else "ended"
        except CheckFailure:
            return "check failed"
        for value in found if type(found) in (tuple, list) else (found,):
            for part in value if type(value) is tuple else (value,):
                if type(part) not in PLAIN and not issubclass(type(part), np.generic | Opaque):
                    raise AssertionError(f"a test was given a {type(part).__name__}")
        return f"value of {label}"


@contextlib.contextmanager
def watched(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Unbounded

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def case(seed: int, number: int, frames: dict[str, list[bytes]]) -> tuple[bytes, Callable[[], str]]:
    """The bytes of one case, and how they are to be delivered."""
    rng = random.Random(f"{seed}:{number}")
    label = rng.choice(list(frames))
    data = Damage(rng, frames, label).bytes()
    return data, (lambda: through_session(data, label)) if number % 3 else (lambda: through_channel(data))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one case")
    options = parser.parse_args()
    frames = recorded()
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MEMORY, resource.RLIM_INFINITY))
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    numbers = range(options.cases) if options.only is None else [options.only]
    with mock.patch("secrets.randbits", return_value=REQUEST):
        for number in numbers:
            data, deliver = case(options.seed, number, frames)
            began = time.process_time()
            try:
                with watched(LONGEST_CASE_S):
                    outcomes[deliver()] += 1
            except BaseException as error:
                print(f"--seed {options.seed} --only {number}: {type(error).__name__}: {error}", data.hex(), flush=True)
                raise
            slowest = max(slowest, time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cases": len(numbers), "seed": options.seed, "slowest_s": round(slowest, 3), "peak_kib": peak,
                      "outcomes": dict(outcomes.most_common())}))  # fmt: skip
    return 0


def _address_space() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main())
