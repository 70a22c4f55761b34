"""A forbidden function is out of reach by every name it goes by, in a notebook and in a locked process alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nnkit.student.disabling
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession, SessionLimits
from nnkit.kit.sandbox import Limits, Tier, View
from nnkit.student.testing import CheckFailure, LocalSubmission, StudentError, StudentTimeout, forbidden

NORM = "numpy.linalg.norm"
SOURCE = """
import numpy as np
import numpy.linalg
from numpy import linalg as la
from numpy.linalg import norm
from numpy.linalg import norm as euclid
length = np.linalg.norm
implementation = norm._implementation

def by_module(x): return np.linalg.norm(x)
def by_module_alias(x): return la.norm(x)
def by_name(x): return norm(x)
def by_other_name(x): return euclid(x)
def by_assignment(x): return length(x)
def by_default(x, measure=np.linalg.norm): return measure(x)
def by_keyword_only_default(x, *, measure=norm): return measure(x, ord=2)
def by_implementation(x): return implementation(x)
def by_another_function(x): return np.linalg.vector_norm(x)
def by_import(x):
    from numpy.linalg import norm as late
    return late(x)

def enclose(measure):
    def by_closure(x): return measure(x)
    return by_closure

by_closure = enclose(norm)

class Lengths:
    measure = staticmethod(norm)
    def of(self, x): return self.measure(x)

def by_method(x): return Lengths().of(x)

def written_out(x): return np.sqrt(np.sum(x**2))
def swallowing(x):
    try:
        return norm(x)
    except ValueError:
        return None
def for_ever(x):
    while True: pass
scale = 1
def own_name(x): return written_out(x)
alias = written_out
def another_name(x): return alias(x)
def own_default(x, way=written_out): return way(x)
def unwritten(x): raise NotImplementedError("write me")
def broken(x): return x["length"]
"""
ROUTES = [line.split("(")[0].removeprefix("def ") for line in SOURCE.splitlines() if line.startswith("def by_")]
X = np.array([3.0, 4.0])


@pytest.fixture(scope="module")
def session() -> Iterator[LockedSession]:
    # An interrupt may take its time on a busy machine.
    with LockedSession(locked(Tier.E, View(), Limits()), SessionLimits(grace_s=30)) as session:
        assert session.run_cell("source", SOURCE, 30.0).status == "ok"
        yield session


@pytest.fixture(params=["in process", "locked"])
def submission(request: pytest.FixtureRequest, session: LockedSession) -> Any:
    if request.param == "locked":
        return session.submission(30.0)
    namespace: dict[str, Any] = {"__name__": "notebook"}
    exec(SOURCE, namespace)
    return LocalSubmission(namespace)


@pytest.mark.parametrize("route", [*ROUTES, "by_closure"])
def test_every_route_fails_with_the_functions_name_and_works_again_afterwards(submission: Any, route: str) -> None:
    refusal = r"^your code calls numpy\.linalg\.norm, which is not allowed here$"
    with pytest.raises(CheckFailure, match=refusal), forbidden(submission, NORM):
        getattr(submission, route)(X)
    assert getattr(submission, route)(X) == 5.0


@pytest.mark.parametrize("route", ["own_name", "another_name", "own_default"])
def test_a_function_of_the_notebooks_own_can_be_forbidden(submission: Any, route: str) -> None:
    refusal = r"^your code calls written_out, which is not allowed here$"
    with pytest.raises(CheckFailure, match=refusal), forbidden(submission, "written_out"):
        getattr(submission, route)(X)
    assert getattr(submission, route)(X) == 5.0


def test_a_name_that_the_notebook_does_not_define_forbids_nothing(submission: Any) -> None:
    with forbidden(submission, "never_written", "scale"):
        assert submission.written_out(X) == 5.0


def test_what_is_written_out_works(submission: Any) -> None:
    with forbidden(submission, NORM):
        assert submission.written_out(X) == 5.0


def test_an_error_handler_for_something_else_does_not_help(submission: Any) -> None:
    with pytest.raises(CheckFailure, match="not allowed"), forbidden(submission, NORM):
        submission.swallowing(X)


@pytest.mark.parametrize(("name", "kind"), [("unwritten", "not_implemented"), ("broken", "student_error")])
def test_other_errors_stay_what_they_are_and_the_function_is_back(submission: Any, name: str, kind: str) -> None:
    with pytest.raises(StudentError) as error, forbidden(submission, NORM):
        getattr(submission, name)(X)
    assert error.value.kind == kind
    assert submission.by_name(X) == 5.0


def test_the_function_is_back_when_the_test_itself_breaks_off(submission: Any) -> None:
    with pytest.raises(KeyboardInterrupt), forbidden(submission, NORM):
        raise KeyboardInterrupt
    assert submission.by_name(X) == 5.0


def test_several_functions_can_be_forbidden_and_the_one_that_was_called_is_named(submission: Any) -> None:
    with pytest.raises(CheckFailure, match=r"calls numpy\.linalg\.norm,"), forbidden(submission, "numpy.cumsum", NORM):
        submission.by_name(X)
    with pytest.raises(CheckFailure, match=r"calls numpy\.sum,"), forbidden(submission, NORM, "numpy.sum"):
        submission.written_out(X)
    assert submission.written_out(X) == submission.by_name(X) == 5.0


@pytest.mark.parametrize(
    ("function", "complaint"),
    [("numpy.sqrt", "it is ufunc, not written in Python"), ("numpy.linalg.nrom", "there is no function numpy.linalg")],
)
def test_what_can_not_be_forbidden_is_said(submission: Any, function: str, complaint: str) -> None:
    with pytest.raises((ValueError, StudentError), match=complaint), forbidden(submission, NORM, function):
        pytest.fail("the test went on")
    assert submission.by_name(X) == 5.0


def test_the_function_is_back_after_a_call_that_took_all_the_time(session: LockedSession) -> None:
    submission = session.submission(1.0)
    with pytest.raises(StudentTimeout), forbidden(submission, NORM):
        submission.for_ever(X)
    assert session.alive
    assert session.submission(30.0).by_name(X) == 5.0


def test_an_end_of_the_process_is_told_as_such(session: LockedSession) -> None:
    with LockedSession(locked(Tier.E, View(), Limits())) as mortal:
        mortal.run_cell("a", "import os\ndef leave(): os._exit(1)", 30.0)
        submission = mortal.submission(30.0)
        with pytest.raises(StudentError) as error, forbidden(submission, NORM):
            submission.leave()
        assert error.value.kind == "killed"


LATE = """
def by_late_import(x):
    from wave import open
    return open

def by_late_module(x):
    import wave
    return wave.open
"""


@pytest.mark.parametrize("route", ["by_late_import", "by_late_module"])
def test_a_module_that_was_not_imported_can_not_be_until_afterwards(monkeypatch: Any, route: str) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    namespace: dict[str, Any] = {}
    exec(LATE, namespace)
    submission = LocalSubmission(namespace)
    finders = list(sys.meta_path)
    with (
        pytest.raises(CheckFailure, match=r"calls wave\.open, which is not allowed"),
        forbidden(submission, "wave.open"),
    ):
        getattr(submission, route)(X)
    assert sys.meta_path == finders
    getattr(submission, route)(X)


def test_a_function_with_a_closure_can_be_forbidden(monkeypatch: Any) -> None:
    def enclose(factor: int) -> Any:
        def times(x: Any, by: int = 2, *, plus: int = 0) -> Any:
            return factor * by * x + plus

        return times

    monkeypatch.setattr(np, "times", enclose(3), raising=False)
    times = np.times  # type: ignore[attr-defined]
    submission = LocalSubmission({"times": times})
    with pytest.raises(CheckFailure, match="not allowed"), forbidden(submission, "numpy.times"):
        submission.times(1, 2, plus=1)
    assert submission.times(1, 2, plus=1) == 7


def test_a_debugger_can_look_at_a_forbidden_function_with_a_closure(monkeypatch: Any) -> None:
    def enclose(factor: int, term: int) -> Any:
        return lambda x: factor * x + term

    monkeypatch.setattr(np, "line", enclose(3, 1), raising=False)
    line = np.line  # type: ignore[attr-defined]
    with forbidden(LocalSubmission({}), "numpy.line"), pytest.raises(RuntimeError) as error:
        line(2)
    assert error.traceback[-1].frame.f_locals["args"] == (2,)
    assert line(2) == 7


def test_what_an_interrupt_left_out_of_use_is_back_with_the_next_test() -> None:
    nnkit.student.disabling.disable([NORM])
    with forbidden(LocalSubmission({}), "numpy.cumsum"):
        assert np.linalg.norm(X) == 5.0
    assert np.cumsum(X).tolist() == [3.0, 7.0]
