"""One end of the socket: whole messages, each with a deadline."""

from __future__ import annotations

import math
import select
import socket
import time

from .wire import MAGIC, PREFIX, Limits, Message, WireError, decode, encode

_STEP = 1 << 20
_READ = 1 << 16


class PeerClosed(WireError):
    """The other side has closed the socket."""


class WireTimeout(Exception):
    """The deadline passed before a whole message had been sent or received."""


class Channel:
    """Whole messages over a socket. Every send and receive has a deadline on the monotonic clock (None: wait)."""

    def __init__(self, connection: socket.socket, send_limits: Limits, receive_limits: Limits) -> None:
        self._socket = connection
        self._send_limits = send_limits
        self._receive_limits = receive_limits
        self._received = bytearray()
        # Bound now: student code on the same side may replace what modules hold.
        self._poll = select.poll
        self._now = time.monotonic

    def send(self, message: Message, deadline: float | None = None) -> None:
        pieces = encode(message, self._send_limits)
        if sum(map(len, pieces)) < _STEP:
            pieces = [b"".join(pieces)]
        for piece in pieces:
            view = memoryview(piece)
            while view:
                try:
                    view = view[self._socket.send(view, 0 if deadline is None else socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    self._wait(select.POLLOUT, deadline)
                except OSError as error:
                    raise PeerClosed(str(error)) from None

    def receive(self, deadline: float | None = None) -> Message:
        """The next message. After a `WireTimeout` the same call takes up where it stopped, in the middle of a frame."""
        self._fill(PREFIX.size, deadline)
        magic, header_size, body_size = PREFIX.unpack_from(self._received)
        if magic != MAGIC:
            raise WireError("a frame does not begin with the wire's magic bytes")
        if header_size > self._receive_limits.header or body_size > self._receive_limits.body:
            raise WireError(f"a frame claims {header_size} + {body_size} bytes, more than the wire allows")
        start = PREFIX.size + header_size
        self._fill(start + body_size, deadline)
        frame, self._received = memoryview(self._received), self._received[start + body_size :]
        return decode(bytes(frame[PREFIX.size : start]), frame[start : start + body_size])

    def close(self) -> None:
        self._socket.close()

    def _fill(self, size: int, deadline: float | None) -> None:
        # The buffer grows with what arrives: a length that lies costs nothing.
        while (missing := size - len(self._received)) > 0:
            if deadline is not None:
                self._wait(select.POLLIN, deadline)
            try:
                flags = 0 if deadline is None else socket.MSG_DONTWAIT
                piece = self._socket.recv(max(_READ, min(missing, _STEP)), flags)
            except BlockingIOError:
                continue
            except OSError as error:
                raise PeerClosed(str(error)) from None
            if not piece:
                raise PeerClosed("the other side has closed the connection")
            self._received += piece

    def _wait(self, event: int, deadline: float | None) -> None:
        remaining = None if deadline is None else deadline - self._now()
        if remaining is not None and remaining <= 0:
            raise WireTimeout
        poll = self._poll()
        poll.register(self._socket, event)
        if not poll.poll(None if remaining is None else math.ceil(remaining * 1000)):
            raise WireTimeout
