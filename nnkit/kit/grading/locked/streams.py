"""What the submission prints: Python's streams, and what is written to file descriptors 1 and 2 directly."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable

Emit = Callable[[str, str], None]


class OutStream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a notebook."""

    encoding = "UTF-8"
    errors = None

    def __init__(self, name: str, number: int, emit: Emit) -> None:
        self.name = name
        self._number = number
        self._emit = emit

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._emit(self.name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._number


class Discard(io.TextIOBase):
    """A stream that forgets: what a function prints while it is being tested is of no use to anybody."""

    encoding = "UTF-8"
    errors = None

    def write(self, text: str, /) -> int:
        return len(text)

    def writable(self) -> bool:
        return True


class DescriptorWatch:
    """Puts a pipe in place of a file descriptor and passes on what subprocesses and C code write there."""

    def __init__(self, name: str, number: int, emit: Emit) -> None:
        self._name = name
        self._emit = emit
        self._read, self._write = os.pipe()
        self._marker = b""
        self._reached = threading.Event()
        os.dup2(self._write, number)
        threading.Thread(target=self._watch, name=f"watch {name}", daemon=True).start()

    def drain(self) -> None:
        """Wait until everything written so far has been passed on."""
        self._marker = b"\0" + os.urandom(16)
        self._reached.clear()
        os.write(self._write, self._marker)
        self._reached.wait(1.0)

    def _watch(self) -> None:
        # An interrupt delivered to this thread would not wake the main one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        pending = b""
        while piece := os.read(self._read, 1 << 16):
            pending += piece
            marker = self._marker
            if marker and marker in pending:
                pending = pending.replace(marker, b"")
                self._marker = b""
                self._pass_on(pending)
                pending = b""
                self._reached.set()
            elif not marker or b"\0" not in pending[-len(marker) :]:
                self._pass_on(pending)
                pending = b""

    def _pass_on(self, data: bytes) -> None:
        if data:
            self._emit(self._name, data.decode("utf-8", "replace"))


def install(emit: Emit) -> Callable[[], None]:
    """Capture the process's standard streams; returns the function that waits for the descriptors' stragglers."""
    watches = [DescriptorWatch(name, number, emit) for name, number in (("stdout", 1), ("stderr", 2))]
    sys.stdout = OutStream("stdout", 1, emit)
    sys.stderr = OutStream("stderr", 2, emit)

    def drain() -> None:
        for watch in watches:
            watch.drain()

    return drain
