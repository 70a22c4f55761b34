"""The life of a grading process: it grades what its parent sends, in its main thread, and leaves with its parent."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import platform
import signal
import socket
import threading
import time
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from types import FrameType

import nbformat
from nbformat.validator import get_validator

from nnkit.kit.course.hashing import kit_hash
from nnkit.kit.engine.jobs import Order, Refused, grade_content
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.watched import SLACK_S, announce
from nnkit.kit.sandbox import WARM_STARTS, Tier
from nnkit.kit.sandbox.probing import best_tier, probe

GRACE_S = 5.0
# Of a notebook's cells: by itself, from its definitions, and with the reference's layers for an experiment.
MOST_RUNS = 4

_plans: dict[str, Plan] = {}


@dataclass(frozen=True)
class Described:
    """What a machine grades with."""

    host: str
    python: str
    kit: str
    tier: Tier


@dataclass(frozen=True)
class Within:
    """Sent ahead of an answer: by when the next message comes if all is well, and what item is tested until then."""

    seconds: float
    item: str


def describe(tier: Tier | None = None) -> Described:
    """This machine, with the sandbox asked for if it is available, or the best one here."""
    if tier is None or not probe(tier).available:
        tier = best_tier()
    return Described(socket.gethostname(), ".".join(platform.python_version_tuple()[:2]), kit_hash(), tier)


def receive(key: str, plan: bytes) -> None:
    """Keep a plan for the orders that name it."""
    _plans[key] = pickle.loads(plan)


def grade(order: Order) -> Graded:
    """Carry out an order.

    Raises
    ------
    Refused
        The sandbox here is too weak.
    """
    tier = order.tier or best_tier()
    if not tier.at_least(order.weakest):
        raise Refused(f"{socket.gethostname()} offers sandbox tier {tier.value}, not {order.weakest.value}")
    plan, limits = _plans[order.plan], _plans[order.plan].course.limits
    announce.get()(MOST_RUNS * limits.notebook.wall_s + SLACK_S, "")
    return grade_content(plan, order.student, order.name, order.content, tier, order.mode, order.only, order.left_out)


def load() -> None:
    """Import what grading takes. What is imported stays to the end: the search for garbage leaves it out."""
    gc.disable()
    import_module("nnkit.kit.grading.grade")
    get_validator(nbformat.current_nbformat, nbformat.current_nbformat_minor)  # it is compiled when first asked for
    gc.freeze()
    gc.enable()


def main(descriptor: int, leash: int) -> None:
    """Serve a connection until its other end is closed, or the leash's, which the parent holds however it ends."""
    signal.signal(signal.SIGTERM, _abandon)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    threading.Thread(target=_leave_with_parent, args=(leash,), daemon=True).start()
    with Connection(descriptor) as connection, contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        announce.set(lambda seconds, item: connection.send(Within(seconds, item)))
        while True:
            function, arguments = connection.recv()
            try:
                answer = (True, function(*arguments))
            except Exception as error:
                refusal = isinstance(error, Refused)
                answer = (False, error if refusal else RuntimeError(f"{type(error).__name__}: {error}"))
            connection.send(answer)
    WARM_STARTS.close()


def _abandon(number: int, frame: FrameType | None) -> None:
    # Neither pytest nor a test's `except` keeps this one, and every locked process and folder is closed on its way.
    raise KeyboardInterrupt


def _leave_with_parent(leash: int) -> None:
    """Wait for the end of the leash."""
    os.read(leash, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
