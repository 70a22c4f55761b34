"""How much of an item's marks an answer earns, once tests count only together with those they need; and an answer that
has looked up the public tests."""

import pickle

import numpy as np
from reference_grading import InProcessGrader

from nnkit.student.plugin import GraderPlugin, run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs


def earned_shares(path, submission, items, **options):
    """The share of the marks by item, from 0 to 1; `options` are those of `InProcessGrader`."""
    grader = InProcessGrader(submission, set(items), **options)
    results = run_graders(path, grader)
    assert "grader_error" not in {result.verdict for result in results}
    passed = {result.name for result in results if result.verdict == "passed"}
    passed -= unmet_needs(grader.tests, passed).keys()
    shares = {}
    for item in items:
        own = [result for result in results if result.item == item]
        shares[item] = sum(r.weight for r in own if r.name in passed) / sum(r.weight for r in own)
    return shares


class LookUp:
    """What a function gave for the inputs of the public tests, and nothing for all others."""

    def __init__(self, function):
        self.function = function
        self.known = {}
        self.open = True

    def __call__(self, *args, **kwargs):
        key = pickle.dumps(([getattr(value, "__dict__", value) for value in args], kwargs))
        if key in self.known:
            return pickle.loads(self.known[key])
        if not self.open:
            raise LookupError("not one of the public inputs")
        answer = self.function(*args, **kwargs)
        self.known[key] = pickle.dumps(answer)
        return answer


def looked_up(path, namespace, functions):
    """A submission whose functions know the answers to the public tests, and nothing else; changes the namespace."""
    tables = {name: LookUp(namespace[name]) for name in functions}
    namespace.update(tables)
    submission = LocalSubmission(namespace)
    plugin = GraderPlugin(submission, public_only=True, student="", course="", items=list(functions))
    assert {result.verdict for result in run_graders(path, plugin)} == {"passed"}
    for table in tables.values():
        table.open = False
    return submission


CONSTANTS = {
    "zeros": lambda value: np.zeros_like(value),
    "ones": lambda value: np.ones_like(value),
    "random numbers": lambda value: np.random.default_rng(0).normal(size=np.shape(value)),
}


def constant(namespace, functions, make):
    """A submission whose functions give arrays of the right shapes, with numbers that do not depend on the inputs;
    changes the namespace."""

    def made(value):
        return make(value) if isinstance(value, np.ndarray | np.number | float) else value

    def instead_of(function):
        def answer(*args, **kwargs):
            result = function(*args, **kwargs)
            return tuple(map(made, result)) if isinstance(result, tuple) else made(result)

        return answer

    namespace.update({name: instead_of(namespace[name]) for name in functions})
    return LocalSubmission(namespace)
