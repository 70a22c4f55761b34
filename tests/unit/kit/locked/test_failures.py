"""The limit that an exception comes from, as the locked process labels it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import numpy as np
import pytest

from nnkit.kit.locked.exit_reasons import TOLD_BY_ITSELF, told
from nnkit.kit.locked.program.failures import kind_of


def raised(act: Callable[[], object]) -> BaseException:
    try:
        act()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def wrapped(error: BaseException, *, hidden: bool = False) -> BaseException:
    def wrap() -> None:
        try:
            raise error
        except BaseException:
            if hidden:
                raise ValueError("mine") from None
            raise ValueError("mine")  # noqa: B904 - as students write it

    return raised(wrap)


class Pretender(ValueError):
    """Has attributes that claim to be what they are not."""

    errno = errno.ENOSPC
    __class__ = MemoryError  # type: ignore[assignment]
    __context__ = property(lambda self: 1 / 0)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "out_of_memory"),
        (raised(lambda: np.ones((1 << 24, 1 << 24))), "out_of_memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out_of_memory"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "process_limit"),
        (RuntimeError("can't start new thread"), "process_limit"),
        (OSError(errno.EMFILE, "Too many open files"), "open_files_limit"),
        (OSError(errno.EFBIG, "File too large"), "file_size_limit"),
        (OSError(errno.ENOSPC, "No space left on device"), "scratch_full"),
        (OSError("Can't write data (file write failed: errno = 28, error message = 'No space left'"), "scratch_full"),
        (OSError("1048576 requested and 524160 written"), "file_size_limit"),
        (wrapped(OSError(errno.EMFILE, "Too many open files")), "open_files_limit"),
        (wrapped(OSError(errno.EMFILE, "Too many open files"), hidden=True), "student_error"),
        (NotImplementedError("write it"), "not_implemented"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "student_error"),
        (RecursionError("maximum recursion depth exceeded"), "student_error"),
        (Pretender("x"), "student_error"),
        (KeyboardInterrupt(), "student_error"),
    ],
    ids=repr,
)
def test_an_exception_is_labelled_with_the_limit_it_comes_from(error: BaseException, kind: str) -> None:
    assert kind_of(error) == kind


def test_a_library_that_stops_writing_on_a_full_disk_is_told_from_one_that_met_the_file_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = os.statvfs_result((4096, 4096, 10, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    assert kind_of(OSError("1048576 requested and 524160 written")) == "scratch_full"


@pytest.mark.parametrize("kind", ["timeout", "cpu_limit", "notebook_time", "killed", "passed", "grader_error", "x"])
def test_the_locked_process_can_not_say_what_only_others_can_tell(kind: str) -> None:
    error = told({"type": "OSError", "message": "m", "traceback": "", "kind": kind})
    assert error.kind == "student_error"


@pytest.mark.parametrize("kind", sorted(TOLD_BY_ITSELF))
def test_its_label_of_an_exception_is_kept(kind: str) -> None:
    assert told({"type": "OSError", "message": "m", "traceback": "", "kind": kind}).kind == kind
