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
from nnkit.student.inout import without_inout
from nnkit.student.steps import Put, pick_from
from nnkit.student.tracebacks import student_error
from nnkit.student.values import NUMPY_SCALARS, Opaque, type_name

PLAIN_SCALARS = NUMPY_SCALARS | {int, float, complex, str, bytes, bool, type(None)}
PLAIN_KINDS = frozenset("biufcSU")
DEEPEST_CONTENT = 8


class LocalSubmission:
    """A namespace of student code, in this process.

    Parameters
    ----------
    namespace : mapping of str to object
        For instance a notebook's globals.

    Attributes
    ----------
    mutations : list of str
        "function: argument" for every array, dict and list among the arguments that a call changed in place since
        `clear_mutations`; what `inout` marks may be changed.
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
        """Put functions out of use, such as ``"numpy.linalg.norm"`` or one of the notebook's own; see `forbidden`."""
        disable(functions, self._namespace)

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
                results.append(pick_from(step.function.call_alone(step.args, step.kwargs or {}), pick))
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
        """A value of the test's as the student's code may have it: copied, handles and own arrays resolved.

        What is copied is noted in `memo`, by the id of the value, as the pair of copy and value.
        """
        kind = type(value)
        if kind is Handle:
            return target_of(value)
        if kind in PLAIN_SCALARS or issubclass(kind, np.generic | Opaque):
            return value  # an object of another submission's is that submission's affair
        if kind is np.ndarray:
            known = self._own_arrays.get(id(value))
            if known is not None and known[0]() is value:
                return known[1]
        elif kind not in (tuple, list, dict):
            raise TypeError(f"{type_name(value)} cannot be sent to a submission")
        if id(value) not in memo:
            if kind is np.ndarray:
                taken = value.copy()
            elif kind is dict:
                taken = {key: self._take(element, memo) for key, element in value.items()}
            else:
                taken = kind(self._take(element, memo) for element in value)
            memo[id(value)] = (taken, value)
        return memo[id(value)][0]

    def _write_back(self, given, taken, name):
        """Bring what the student's code has left in a copy back into the test's dict."""
        if all(type(key) in PLAIN_SCALARS for key in taken):
            given.clear()
            given.update({key: self._give_content(value, f"{name}[{key!r}]") for key, value in taken.items()})

    def _give_content(self, value, name, depth=1):
        """What stands in an in-out dict: containers of plain values by value, too."""
        kind = type(value)
        if depth < DEEPEST_CONTENT and kind in (tuple, list):
            return kind(self._give_content(element, name, depth + 1) for element in value)
        if depth < DEEPEST_CONTENT and kind is dict and all(type(key) in PLAIN_SCALARS for key in value):
            return {key: self._give_content(element, name, depth + 1) for key, element in value.items()}
        return self._give(value, name)

    def _call(self, function, name, args, kwargs, *, back=True):
        args, kwargs, places = without_inout(args, kwargs)
        memo: dict[int, tuple] = {}
        taken = [self._take(value, memo) for value in args]
        named = {key: self._take(value, memo) for key, value in kwargs.items()}
        arguments = {**dict(enumerate(taken)), **named}
        # The test's own array still shows how a copy of it began.
        copied = {id(copy): value for copy, value in memo.values() if type(value) is np.ndarray}
        before = {place: _snapshot(value, copied) for place, value in arguments.items() if place not in places}
        result = self._guard(function, *taken, **named)
        changed = [path for place, value in before.items() for path in _changes(arguments[place], value, (place,))]
        self.mutations += [f"{name}: {argument_name(function, path)}" for path in changed]
        for place in places if back else ():
            self._write_back(args[place] if isinstance(place, int) else kwargs[place], arguments[place], name)
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
        value = target_of(self)
        owner = self._name if inspect.ismodule(value) or isinstance(value, type) else self._type_name
        return f"{owner}.{attribute}"

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        value = self._submission._guard(getattr, target_of(self), attribute)
        return self._submission._give(value, self._method_name(attribute))

    def __setattr__(self, attribute, value):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        self._submission._guard(setattr, target_of(self), attribute, self._submission._take(value, {}))

    def __getitem__(self, key):
        container, key = target_of(self), self._submission._take(key, {})
        if type(container) is dict and self._submission._guard(lambda: key not in container):
            raise StudentError(f"{self._name} has no key {key!r}")
        value = self._submission._guard(lambda: container[key])
        return self._submission._give(value, f"{self._name}[{key!r}]")

    def __setitem__(self, key, value):
        take = self._submission._take
        self._submission._guard(lambda: target_of(self).__setitem__(take(key, {}), take(value, {})))

    def __len__(self):
        return self._submission._guard(len, target_of(self))

    def __iter__(self):
        for element in self._submission._guard(list, target_of(self)):
            yield self._submission._give(element, f"element of {self._name}")

    def __contains__(self, key):
        return self._submission._guard(lambda: bool(self._submission._take(key, {}) in target_of(self)))

    def __call__(self, *args, **kwargs):
        return self._submission._call(target_of(self), self._name, args, kwargs)

    def call_alone(self, args, kwargs):
        """Call without bringing in-out dicts back."""
        return self._submission._call(target_of(self), self._name, args, kwargs, back=False)

    def batch(self, arguments, pick=None, kwargs=None):
        """Call once for each tuple of arguments; `pick` keeps one element of every tuple result."""
        return [pick_from(self.call_alone(args, kwargs or {}), pick) for args in arguments]

    def __bool__(self):
        raise TypeError(f"{self._name} is {type_name(self)}: a test may not ask for its truth value")

    def __eq__(self, other):
        raise TypeError(f"{self._name} is {type_name(self)}: a test may not compare it")

    def __repr__(self):
        return f"<{self._name}: {type_name(self)} of the submission>"


def target_of(handle):
    """The object that a handle stands for: not for tests, which would meet its operators."""
    return object.__getattribute__(handle, "_value")


def _snapshot(value, copied):
    """What `_changes` compares with later: containers with their elements, and every array as it is now."""
    if type(value) is np.ndarray:
        return copied[id(value)] if id(value) in copied else value.copy()
    if type(value) is dict:
        return {key: (element, _snapshot(element, copied)) for key, element in value.items()}
    if type(value) in (tuple, list):
        return [(element, _snapshot(element, copied)) for element in value]
    return value


def _changes(value, before, path):
    """Paths of what differs from a snapshot: arrays, entries of dicts, and lists."""
    if type(value) is np.ndarray:
        if not same_bytes(value, before):
            yield path
    elif type(value) in (tuple, list) and len(value) != len(before):
        yield path
    elif type(value) in (dict, tuple, list):
        pairs = before.items() if type(value) is dict else enumerate(before)
        for key, (element, copy) in pairs:
            if type(value) is dict and key not in value:
                yield (*path, key)
            elif value[key] is element:
                yield from _changes(element, copy, (*path, key))
            elif not _same_value(value[key], copy):
                yield (*path, key)
        if type(value) is dict:
            yield from ((*path, key) for key in value if key not in before)


def _same_value(a, b):
    """Whether one plain value was exchanged for an equal one."""
    if type(a) is not type(b):
        return False
    if type(a) is np.ndarray:
        return same_bytes(a, b)
    return type(a) in PLAIN_SCALARS and bool(a == b or (a != a and b != b))


def same_bytes(a, b):
    """Whether two arrays agree in dtype, shape and every bit: NaN is unchanged by being NaN again."""
    return a.shape == b.shape and a.dtype == b.dtype and (a.dtype.hasobject or a.tobytes() == b.tobytes())


def argument_name(function, path):
    """``x``, ``cache[0]`` or ``config['velocity']``, by the parameter names of the student's own function."""
    place, *inside = path
    if isinstance(place, int):
        try:
            place = list(inspect.signature(function).parameters)[place]
        except (ValueError, TypeError, IndexError):
            place = f"argument {place + 1}"
    return place + "".join(f"[{step!r}]" for step in inside)


def assert_inputs_unchanged(submission):
    """Check that no call since the last such check changed an argument in place: an array, a dict or a list.

    Raises
    ------
    CheckFailure
        Naming the functions and arguments.
    """
    changed = list(dict.fromkeys(submission.mutations))
    submission.clear_mutations()
    if changed:
        raise CheckFailure(f"changed in place, work on a copy: {'; '.join(changed)}")
