"""What names stood for can be had again, without keeping alive what the notebook has let go of."""

import numpy as np
import pytest

from nnkit.kit.locked.program.kept_names import LARGE, KeptNames


def namespace(**names):
    """A notebook's names, with functions that look names up in it."""
    made = {"np": np, **names}
    exec("def double(x):\n    return factor * x\n\nclass Net:\n    def loss(self):\n        return double(1)", made)
    return made


@pytest.fixture
def names():
    return namespace(factor=2)


@pytest.fixture
def kept(names):
    kept = KeptNames(names)
    kept.keep("double")
    return kept


def test_names_stand_for_what_they_stood_for(names, kept):
    names.update(factor=3, later=1)
    del names["Net"]
    kept.return_to("double", ["double"])
    assert (names["factor"], names["double"](1), "Net" in names, "later" in names) == (2, 2, True, False)


def test_the_end_is_kept_too(names, kept):
    names.update(factor=3, later=1)
    kept.return_to("double", ["double"])
    kept.return_to("", [])
    assert (names["factor"], names["later"]) == (3, 1)


@pytest.mark.parametrize(
    ("change", "asked_for", "changed"),
    [
        ({}, ["double"], False),
        ({"later": 1}, ["double"], False),
        ({"factor": 3}, ["double"], True),
        ({"factor": 3}, ["Net"], True),
        ({"factor": 3}, ["np"], False),
        ({"double": 3}, ["double"], True),
        ({"double": 3}, ["Net"], True),
        ({"np": 3}, ["double"], False),
    ],
)
def test_a_change_is_one_of_what_is_asked_for_or_used_by_it(names, kept, change, asked_for, changed):
    names.update(change)
    assert kept.return_to("double", asked_for) is changed


def test_a_name_that_is_gone_has_changed(names, kept):
    del names["factor"]
    assert kept.return_to("double", ["double"])


def test_where_nothing_was_kept_nothing_changes(names, kept):
    names["factor"] = 3
    assert not kept.return_to("other", ["double"])
    assert names["factor"] == 3


def test_what_the_shell_keeps_there_stays(names):
    names.update(In=["1"], _=5, __name__="__main__")
    kept = KeptNames(names)
    kept.keep("double")
    names.update(In=["1", "2"], _=6)
    kept.return_to("double", ["double"])
    assert (names["In"], names["_"], names["__name__"]) == (["1", "2"], 6, "__main__")


@pytest.mark.parametrize("holding", [lambda array: array, lambda array: {"X": array}, lambda array: [array]])
def test_a_large_array_is_not_kept_alive(holding):
    names = namespace(factor=2, data=holding(np.zeros(LARGE)))
    kept = KeptNames(names)
    kept.keep("double")
    names["data"] = None
    kept.return_to("double", ["double"])
    assert "data" not in names


def test_a_large_array_that_is_still_there_is_there():
    names = namespace(factor=2, data=np.zeros(LARGE))
    kept = KeptNames(names)
    kept.keep("double")
    assert not kept.return_to("double", ["data"])
    assert names["data"].size == LARGE


def test_objects_that_lie_about_themselves_do_no_harm(names):
    exec(
        "class Meta(type):\n    def __getattribute__(self, name):\n        raise RuntimeError\n"
        "class Odd(metaclass=Meta):\n    def __eq__(self, other):\n        raise RuntimeError\n"
        "odd = Odd.__class__ if False else 1",
        names,
    )
    kept = KeptNames(names)
    kept.keep("double")
    assert not kept.return_to("double", ["double", "Odd", "odd"])
