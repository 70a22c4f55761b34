"""The student's names as a test sees them, when test and student code share a process.

`LocalSubmission` follows the rules that a submission behind a wire cannot help following, so that a test gives the same
verdict in both: arguments are copied, plain values come back by value, everything else comes back as a handle that can
be passed in again and whose attributes and items can be read and set.
"""

import inspect
import weakref

import numpy as np

from nnkit.student.disabling import disable, enable_all
from nnkit.student.errors import CheckFailure, StudentError
from nnkit.student.steps import Put, pick_from
from nnkit.student.tracebacks import student_error
from nnkit.student.values import NUMPY_SCALARS, Opaque, type_name

PLAIN_SCALARS = NUMPY_SCALARS | {int, float, complex, str, bytes, bool, type(None)}
PLAIN_KINDS = frozenset("biufcSU")


class LocalSubmission:
    """A namespace of student code, in this process.

    Parameters
    ----------
    namespace : mapping of str to object
        For instance a notebook's globals.

    Attributes
    ----------
    mutations : list of str
        "function: argument" for every array argument that a call changed in place since `clear_mutations`.
    """

    def __init__(self, namespace):
        self._namespace = namespace
        self._own_arrays = {}
        self.mutations = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            value = self._namespace[name]
        except KeyError:
            raise StudentError(f"{name} is not defined in the notebook") from None
        return self._give(value, name)

    def clear_mutations(self):
        """Forget the mutations seen so far."""
        self.mutations = []

    def disable(self, functions):
        """Put functions of libraries out of use, such as ``"numpy.linalg.norm"``; see `forbidden`."""
        disable(functions)

    def enable_all(self):
        """Put them back to use."""
        enable_all()

    def run(self, steps, pick=None):
        """Take several steps in order, in one go.

        Parameters
        ----------
        steps : list of Put and Call
        pick : int, optional
            Keep this element of every tuple that a Call returns.

        Returns
        -------
        list
            The results of the Calls.
        """
        results = []
        for step in steps:
            if type(step) is Put:
                step.container[step.key] = step.value
            else:
                results.append(pick_from(step.function(*step.args, **(step.kwargs or {})), pick))
        return results

    def _give(self, value, name):
        """A value of the student's as the test may have it: by value if plain, else a handle."""
        if type(value) in PLAIN_SCALARS:
            return value
        if type(value) is np.ndarray and value.dtype.kind in PLAIN_KINDS:
            return self._give_array(value)
        return Handle(self, value, name)

    def _give_array(self, array):
        # Read-only, because passing it in again means the student's own array: a changed copy would be ambiguous.
        copy = array.copy()
        copy.flags.writeable = False
        key = id(copy)
        self._own_arrays[key] = (weakref.ref(copy, lambda _: self._own_arrays.pop(key, None)), array)
        return copy

    def _give_result(self, value, name):
        if type(value) is tuple:
            return tuple(self._give(element, name) for element in value)
        return self._give(value, name)

    def _take(self, value, memo):
        """A value of the test's as the student's code may have it: copied, handles and own arrays resolved."""
        if type(value) is Handle:
            return _target(value)
        if isinstance(value, np.ndarray):
            known = self._own_arrays.get(id(value))
            if known is not None and known[0]() is value:
                return known[1]
        elif type(value) not in (tuple, list, dict):
            return value
        if id(value) not in memo:
            taken: object
            if isinstance(value, np.ndarray):
                taken = value.copy()
            elif type(value) is dict:
                taken = {key: self._take(element, memo) for key, element in value.items()}
            else:
                taken = type(value)(self._take(element, memo) for element in value)
            memo[id(value)] = (taken, value)
        return memo[id(value)][0]

    def _write_back(self, memo, name):
        """Bring what the student's code did to a dict argument back into the test's dict."""
        for taken, given in list(memo.values()):
            if type(given) is not dict:
                continue
            kept = [key for key in given if key in taken and _unchanged(taken[key], given[key], memo)]
            before = {key: given[key] for key in kept}
            given.clear()
            for key, value in taken.items():
                given[key] = before[key] if key in before else self._give(value, f"{name}[{key!r}]")

    def _call(self, function, name, args, kwargs):
        memo: dict[int, tuple] = {}
        args = [self._take(value, memo) for value in args]
        kwargs = {key: self._take(value, memo) for key, value in kwargs.items()}
        given = {id(taken): value for taken, value in memo.values() if isinstance(value, np.ndarray)}
        arrays = [
            (where, array, given[id(array)] if id(array) in given else array.copy())
            for place, value in [*enumerate(args), *kwargs.items()]
            for where, array in _arrays_in(value, (place,))
        ]
        result = self._guard(function, *args, **kwargs)
        for where, array, before in arrays:
            if not _same_bytes(array, before):
                self.mutations.append(f"{name}: {_argument_name(function, where)}")
        self._write_back(memo, name)
        return self._give_result(result, name)

    def _guard(self, function, *args, **kwargs):
        """Call; whatever the student's code raises becomes a StudentError."""
        try:
            return function(*args, **kwargs)
        except (StudentError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise student_error(error) from error


class Handle(Opaque):
    """Something of the student's that has no plain form: a function, a class, an object, a container.

    It can be called and passed in again; attributes and items can be read and set. It has no truth value and equals
    nothing but itself by identity: whatever the object would answer, a test must not take its word.
    """

    __slots__ = ("_name", "_submission", "_type_name", "_value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, submission, value, name):
        object.__setattr__(self, "_submission", submission)
        object.__setattr__(self, "_value", value)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_type_name", type.__getattribute__(type(value), "__name__"))

    def _method_name(self, attribute):
        value = _target(self)
        owner = self._name if inspect.ismodule(value) or isinstance(value, type) else self._type_name
        return f"{owner}.{attribute}"

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        value = self._submission._guard(getattr, _target(self), attribute)
        return self._submission._give(value, self._method_name(attribute))

    def __setattr__(self, attribute, value):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        self._submission._guard(setattr, _target(self), attribute, self._submission._take(value, {}))

    def __getitem__(self, key):
        container, key = _target(self), self._submission._take(key, {})
        if type(container) is dict and self._submission._guard(lambda: key not in container):
            raise StudentError(f"{self._name} has no key {key!r}")
        value = self._submission._guard(lambda: container[key])
        return self._submission._give(value, f"{self._name}[{key!r}]")

    def __setitem__(self, key, value):
        take = self._submission._take
        self._submission._guard(lambda: _target(self).__setitem__(take(key, {}), take(value, {})))

    def __len__(self):
        return self._submission._guard(len, _target(self))

    def __iter__(self):
        for element in self._submission._guard(list, _target(self)):
            yield self._submission._give(element, f"element of {self._name}")

    def __contains__(self, key):
        return self._submission._guard(lambda: bool(self._submission._take(key, {}) in _target(self)))

    def __call__(self, *args, **kwargs):
        return self._submission._call(_target(self), self._name, args, kwargs)

    def batch(self, arguments, pick=None, kwargs=None):
        """Call once for each tuple of arguments; `pick` keeps one element of every tuple result."""
        return [pick_from(self(*args, **(kwargs or {})), pick) for args in arguments]

    def __bool__(self):
        raise TypeError(f"{self._name} is {type_name(self)}: a test may not ask for its truth value")

    def __eq__(self, other):
        raise TypeError(f"{self._name} is {type_name(self)}: a test may not compare it")

    def __repr__(self):
        return f"<{self._name}: {type_name(self)} of the submission>"


def _target(handle):
    return object.__getattribute__(handle, "_value")


def _arrays_in(value, where):
    """The arrays among a call's arguments, also inside tuples and lists; what a dict holds is in-out."""
    if type(value) is np.ndarray:
        yield where, value
    elif type(value) in (tuple, list):
        for i, element in enumerate(value):
            yield from _arrays_in(element, (*where, i))


def _same_bytes(a, b):
    # As bytes: NaN is unchanged by being NaN again.
    return a.shape == b.shape and a.dtype == b.dtype and (a.dtype.hasobject or a.tobytes() == b.tobytes())


def _unchanged(taken, given, memo):
    """Whether a dict still holds, under some key, what the test had put there."""
    if isinstance(given, np.ndarray):
        copied = memo.get(id(given))
        if copied is not None:
            return taken is copied[0] and _same_bytes(taken, given)
        return False
    if type(given) is Handle:
        return taken is _target(given)
    if type(given) in (tuple, list, dict):
        return id(given) in memo and taken is memo[id(given)][0]
    return taken is given


def _argument_name(function, where):
    """``x`` or ``cache[0]``, by the parameter names of the student's own function."""
    place, *inside = where
    if isinstance(place, int):
        try:
            place = list(inspect.signature(function).parameters)[place]
        except (ValueError, TypeError, IndexError):
            place = f"argument {place + 1}"
    return place + "".join(f"[{i}]" for i in inside)


def assert_inputs_unchanged(submission):
    """Check that no call since the last such check changed an array argument in place.

    Raises
    ------
    CheckFailure
        Naming the functions and arguments.
    """
    changed = list(dict.fromkeys(submission.mutations))
    submission.clear_mutations()
    if changed:
        raise CheckFailure(f"changed in place, work on a copy: {'; '.join(changed)}")
