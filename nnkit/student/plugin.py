"""The pytest plugin that runs grader files against a submission: on a student's machine, or in the kit."""

import hashlib
import json
import time
from pathlib import Path

import numpy as np
import pytest

from nnkit.student.breakage import place_of
from nnkit.student.expected import ExpectedRecorder, ExpectedValues, expected_path, stored_keys
from nnkit.student.marker import read_marker_call
from nnkit.student.measurement import measurements
from nnkit.student.session import GraderFileError, run_pytest
from nnkit.student.verdict import VERDICTS, GraderTest, TestResult, TestTrace, judge

__all__ = [
    "VERDICTS",
    "ExpectedRecorder",
    "GraderFileError",
    "GraderPlugin",
    "GraderTest",
    "TestResult",
    "TestTrace",
    "judge",
    "read_marker",
    "run_graders",
]

TEST = pytest.StashKey[GraderTest]()
TRACE = pytest.StashKey[TestTrace]()


class GraderPlugin:
    """Runs the tests of a grader file against a submission and keeps one `TestResult` for each in `.results`.

    Parameters
    ----------
    submission : submission
        Such as `LocalSubmission`.
    public_only : bool
        Leave out the hidden tests.
    student, course : str
        Seed the `rng` fixture, together with notebook, item and test.
    items : collection of str, optional
        Only tests of these items.
    recorder : ExpectedRecorder, optional
        Record expected values instead of comparing with them.

    A subclass may give other fixtures (`make_submission`, `make_rng`, `make_expected`, `make_data`) and look at each
    result (`on_start`, `on_result`).
    """

    def __init__(self, submission, *, public_only, student, course, items=None, recorder=None):
        self.target = submission
        self.public_only = public_only
        self.student = student
        self.course = course
        self.items = None if items is None else frozenset(items)
        self.recorder = recorder
        self.results = []
        self.tests = []
        self.problems = []
        self.crash = None
        self._expected_used = set()

    def make_submission(self, test):
        """The `submission` fixture of a test."""
        self.target.clear_mutations()
        return self.target

    def make_rng(self, test):
        """The `rng` fixture: the same numbers for the same course, notebook, item, test and student."""
        parts = json.dumps([self.course, test.notebook, test.item, test.name, self.student])
        return np.random.default_rng(int.from_bytes(hashlib.sha256(parts.encode()).digest(), "big"))

    def make_expected(self, test):
        """The `expected` fixture: stored outputs beside the grader file."""
        group = f"{'public' if test.public else 'hidden'}/{test.item}"
        return ExpectedValues(expected_path(test.path), group, self.recorder, self._expected_used)

    def make_data(self, test):
        """The `data` fixture: held-back data, which only the kit has."""
        raise LookupError(f"{test.name}: held-back data exist only where hidden tests run")

    def make_notebook_data(self, test):
        """The `notebook_data` fixture: data that given cells of the notebook have loaded, by name.

        On a student's machine they are the notebook's own. The kit has a copy that no submission has touched.
        """
        return self._from_notebook

    def _from_notebook(self, *names):
        values = tuple(getattr(self.target, name) for name in names)
        return values[0] if len(names) == 1 else values

    def on_start(self, test):
        """Called before a test."""

    def on_result(self, result, trace):
        """Called after a test, with what was compared on the way; may change the result."""

    def extra_expected(self):
        """``path: key`` of stored expected values that no test of a complete run asked for."""
        if self.public_only or self.items is not None:
            raise ValueError("only a run of all tests shows which expected values nobody asks for")
        paths = sorted({expected_path(test.path) for test in self.tests})
        stored = [(path, key) for path in paths for key in stored_keys(path)]
        return [f"{path}: {key}" for path, key in stored if (path, key) not in self._expected_used]

    @pytest.fixture
    def submission(self, request):
        return self.make_submission(request.node.stash[TEST])

    @pytest.fixture
    def rng(self, request):
        return self.make_rng(request.node.stash[TEST])

    @pytest.fixture
    def expected(self, request):
        return self.make_expected(request.node.stash[TEST])

    @pytest.fixture
    def data(self, request):
        return self.make_data(request.node.stash[TEST])

    @pytest.fixture
    def notebook_data(self, request):
        return self.make_notebook_data(request.node.stash[TEST])

    def pytest_configure(self, config):
        options = "public=False, weight=1, message='', slow=False, needs=(), confirms=()"
        config.addinivalue_line("markers", f"item(name, {options}): the graded item of a test")

    def pytest_sessionstart(self):
        self.results, self.tests, self.problems, self.crash = [], [], [], None
        self._expected_used.clear()

    def pytest_exception_interact(self, node, call, report):
        if isinstance(report, pytest.CollectReport):
            self.problems.append(_broken_at_import(node.path, call.excinfo.value))

    def pytest_internalerror(self, excinfo):
        self.crash = excinfo.value
        return True  # said by run_graders, not on stderr

    def pytest_keyboard_interrupt(self, excinfo):
        # pytest's own Interrupted only says that files could not be collected: those are in problems.
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.crash = excinfo.value

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        kept = []
        for node in items:
            try:
                test = node.stash[TEST] = read_marker(node)
            except ValueError as error:
                self.problems.append(f"{node.path}:{_first_line(node)}: {node.name}: {error}")
                continue
            if (test.public or not self.public_only) and (self.items is None or test.item in self.items):
                self.tests.append(test)
                kept.append(node)
        items[:] = [] if self.problems else kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        trace = item.stash[TRACE] = TestTrace(item.stash[TEST])
        token = measurements.set(trace.measurements)
        self.on_start(trace.test)
        start = time.perf_counter()
        try:
            outcome = yield
        finally:
            measurements.reset(token)
        trace.duration = time.perf_counter() - start
        result = judge(trace)
        self.on_result(result, trace)
        self.results.append(result)
        return outcome

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        trace = item.stash[TRACE]
        # The first failure decides: what breaks later breaks because of it.
        if call.excinfo is not None and trace.exception is None:
            trace.exception, trace.when = call.excinfo.value, call.when
        # pytest's own report would format a traceback that nobody reads, which takes longer than most tests.
        outcome = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when, duration=call.duration)


def _broken_at_import(path, error):
    """Which line of a grader file, or of a companion, can't be run, and why."""
    error = error.__cause__ or error  # pytest wraps what the file raised
    folder = path.parent
    file, line = place_of(error, path)
    place = f"{file}, line {line}" if line else str(file)
    what = f"{place}: {type(error).__name__}: {getattr(error, 'msg', None) or error}"
    if isinstance(error, ModuleNotFoundError) and error.name and "." not in error.name:
        return f"{what} (a module that grader files share stands beside them, as {folder / error.name}.py)"
    return what


def _first_line(node):
    code = getattr(getattr(node, "function", None), "__code__", None)
    return code.co_firstlineno if code is not None else (node.location[1] or 0) + 1


def read_marker(node):
    """The `GraderTest` that a collected test's marker describes.

    Raises
    ------
    ValueError
        If the marker is missing, doubled or malformed.
    """
    markers = list(node.iter_markers("item"))
    if len(markers) != 1:
        raise ValueError(f'{len(markers) or "no"} item markers, write one: @item("affine_forward", public=True)')
    item, options = read_marker_call(markers[0].args, markers[0].kwargs)
    return GraderTest(
        item=item, name=node.name, notebook=node.path.stem.removeprefix("test_"), path=node.path, **options
    )


def run_graders(path, plugin):
    """Run a grader file, or a folder of them.

    Parameters
    ----------
    path : path
        The file or folder.
    plugin : GraderPlugin

    Returns
    -------
    list of TestResult
        In the order of the file; also in `plugin.results`.

    Raises
    ------
    GraderFileError
        If a grader file can't be read or has a test without a proper marker. No test has run then.
    """
    run_pytest(Path(path).resolve(), plugin)
    if isinstance(plugin.crash, KeyboardInterrupt):
        raise plugin.crash
    if plugin.crash is not None:
        raise RuntimeError(f"{path}: pytest broke off: {plugin.crash!r}") from plugin.crash
    if plugin.problems:
        raise GraderFileError("\n".join(plugin.problems))
    return plugin.results
