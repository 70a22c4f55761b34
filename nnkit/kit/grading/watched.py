"""What a grading process is at, told to whoever watches it: code of a library that never ends can't be interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

SLACK_S = 30.0
"""What a step may take beyond its own limit before its process is taken for stuck: machines are busy."""

announce: ContextVar[Callable[[float, str], None]] = ContextVar("announce", default=lambda seconds, item: None)
"""Called with the seconds that the next step may take, and with the item that is tested in it, if one is."""
