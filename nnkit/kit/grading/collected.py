"""A grader file that pytest has collected once, to be run for one submission after the other.

Setting pytest up and collecting takes longer than the tests of most submissions. So a process keeps what was collected,
and for every submission only runs the code of the file and of its companions again, into modules of their own: what a
test leaves in a global reaches no other submission. The tests run inside hooks of pytest, so that an assert explains
itself as in a session.

That holds for tests that need no more of pytest than functions, our fixtures, and parameters that nobody can change. A
file that has others (fixtures of its own, setup functions, classes, marks) is not `plain` and gets a whole session each
time.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from _pytest.assertion.rewrite import rewrite_asserts

from nnkit.student.companions import companion_files, importable
from nnkit.student.measurement import measurements
from nnkit.student.plugin import TEST, GraderPlugin, run_graders
from nnkit.student.verdict import GraderTest, TestTrace

FIXTURES = ("submission", "rng", "expected", "data", "thresholds", "notebook_data")
_MARKS = {"item", "parametrize"}
_UNCHANGEABLE = {str, bytes, int, float, complex, bool, type(None)}


class Collection(GraderPlugin):
    """Collects the tests of a grader file, and later runs what it is told in the place of a test."""

    def __init__(self) -> None:
        super().__init__(None, public_only=False, student="", course="")  # type: ignore[no-untyped-call]
        self.nodes: list[pytest.Function] = []
        self._instead: Callable[[], None] = lambda: None

    @pytest.fixture
    def thresholds(self) -> None:
        """Of `LockedGrader`; here only to be known."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.nodes = [node for node in session.items if isinstance(node, pytest.Function)]
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
        self._instead()
        return True

    def run(self, node: pytest.Function, body: Callable[[], None]) -> None:
        """Run `body` as if it were the test: pytest's explanations of failed asserts are at hand."""
        self._instead = body
        node.config.hook.pytest_runtest_protocol(item=node, nextitem=None)


class GraderFile:
    """A grader file as it was collected.

    Attributes
    ----------
    tests : dict of str to GraderTest
        By name, in the order of the file.
    plain : bool
        Whether they can be run without a session of their own.

    Raises
    ------
    GraderFileError
        The file can't be read, or has a test without a proper marker.
    """

    def __init__(self, path: Path, source: bytes) -> None:
        self.path = path
        self.collection = Collection()
        run_graders(path, self.collection)
        self.nodes = {node.name: node for node in self.collection.nodes}
        self.tests: dict[str, GraderTest] = {name: node.stash[TEST] for name, node in self.nodes.items()}
        self.plain = len(self.nodes) == len(self.collection.nodes) and all(map(_is_plain, self.nodes.values()))
        self.code = _rewritten(path, source, self.collection.nodes[0].config) if self.plain and self.nodes else None


class OpenFile:
    """A plain grader file whose code has been run for one submission."""

    def __init__(self, file: GraderFile) -> None:
        self._file = file
        self.path = file.path
        self._companions: dict[str, ModuleType] = {}
        spec = importlib.util.spec_from_file_location(file.path.stem, file.path)
        assert spec is not None
        self._module = importlib.util.module_from_spec(spec)
        with self._there():
            if file.code is not None:
                exec(file.code, vars(self._module))

    @contextmanager
    def _there(self) -> Iterator[None]:
        """The module and its companions are where a session has them, and warnings are as quiet; all is as before
        afterwards."""
        name, before = self._module.__name__, sys.modules.get(self._module.__name__)
        sys.modules[name] = self._module
        try:
            with importable(self.path.parent, self._companions), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before

    def run(self, trace: TestTrace, fixtures: Mapping[str, Callable[[], Any]]) -> None:
        """Run the test of a trace and write into it how the test ended.

        Parameters
        ----------
        trace : TestTrace
        fixtures : mapping of str to callable
            What makes the value of each of FIXTURES.
        """
        node = self._file.nodes[trace.test.name]
        token = measurements.set(trace.measurements)
        start = time.perf_counter()
        try:
            with self._there():
                self._file.collection.run(node, partial(self._tried, node, trace, fixtures))
        finally:
            measurements.reset(token)
            trace.duration = time.perf_counter() - start

    def _tried(self, node: pytest.Function, trace: TestTrace, fixtures: Mapping[str, Callable[[], Any]]) -> None:
        params = _params(node)
        trace.when = "setup"
        try:
            names = node._fixtureinfo.argnames
            node.funcargs = {name: params[name] if name in params else fixtures[name]() for name in names}
            node.obj = getattr(self._module, node.originalname)
            trace.when = "call"
            node.runtest()
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:
            trace.exception = error
        finally:
            node.funcargs = {}


def collected(path: Path) -> GraderFile:
    """A grader file, collected once by each process for as long as neither it nor a companion changes."""
    path = path.resolve()
    return _collected(path, path.read_bytes(), *(file.read_bytes() for file in companion_files(path.parent).values()))


@lru_cache(maxsize=8)
def _collected(path: Path, source: bytes, *companions: bytes) -> GraderFile:
    return GraderFile(path, source)


def _rewritten(path: Path, source: bytes, config: pytest.Config) -> CodeType:
    """The file's code with asserts that explain themselves, as pytest itself imports it."""
    tree = ast.parse(source, filename=str(path))
    rewrite_asserts(tree, source, str(path), config)
    return compile(tree, str(path), "exec", dont_inherit=True)


def _params(node: pytest.Function) -> Mapping[str, Any]:
    return node.callspec.params if hasattr(node, "callspec") else {}


def _is_unchangeable(value: object) -> bool:
    return all(map(_is_unchangeable, value)) if type(value) is tuple else type(value) in _UNCHANGEABLE


def _is_plain(node: pytest.Item) -> bool:
    """Whether a test is a function that needs nothing of pytest but our fixtures and parameters that can't change."""
    if type(node) is not pytest.Function or type(node.parent) is not pytest.Module:
        return False
    if not inspect.isfunction(node.obj) or vars(node.module).get(node.originalname) is not node.obj:
        return False
    params, known = _params(node), node._fixtureinfo.name2fixturedefs
    return (
        {mark.name for mark in node.iter_markers()} <= _MARKS
        and not any(name in FIXTURES for name in params)
        and all(map(_is_unchangeable, params.values()))
        and "request" not in node._fixtureinfo.argnames
        # All that pytest would set up. It counts "request" in by itself; of two definitions one is the file's own.
        and all(
            name in params or name == "request" or (name in FIXTURES and len(known.get(name, ())) == 1)
            for name in node.fixturenames
        )
    )
