"""What the submission prints: Python's streams, and what is written to file descriptors 1 and 2 directly."""

from __future__ import annotations

import codecs
import io
import os
import select
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
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        os.dup2(write, number)
        os.close(write)
        self._reading = threading.Lock()
        threading.Thread(target=self._watch, name=f"watch {name}", daemon=True).start()

    def drain(self) -> None:
        """Pass on everything written so far. What is read is passed on before anybody else may read."""
        with self._reading:
            while piece := self._next():
                self._pass_on(piece)

    def _watch(self) -> None:
        # An interrupt delivered to this thread would not wake the main one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        written = select.poll()
        written.register(self._read, select.POLLIN)
        while True:
            written.poll()
            self.drain()

    def _next(self) -> bytes:
        try:
            return os.read(self._read, 1 << 16)
        except BlockingIOError:
            return b""

    def _pass_on(self, piece: bytes) -> None:
        text = self._decoder.decode(piece)
        if text:
            self._emit(self._name, text)


def install(emit: Emit) -> Callable[[], None]:
    """Capture the process's standard streams; returns the function that waits for the descriptors' stragglers."""
    watches = [DescriptorWatch(name, number, emit) for name, number in (("stdout", 1), ("stderr", 2))]
    sys.stdout = OutStream("stdout", 1, emit)
    sys.stderr = OutStream("stderr", 2, emit)

    def drain() -> None:
        for watch in watches:
            watch.drain()

    return drain
