"""What an item is built on."""

from pathlib import Path

import nbformat

from nnkit.kit.course.items import Item
from nnkit.kit.grading.plan import Plan


def plan(**uses):
    items = tuple(Item(name=name, kind="exercise", points=1.0, uses=used) for name, used in uses.items())
    return Plan(None, "a1", "net", items, nbformat.v4.new_notebook(), Path(), Path(), {})


def foundations(built, name):
    return built.foundations(next(item for item in built.items if item.name == name))


def test_foundations_are_found_through_others_in_the_order_of_the_notebook():
    assert foundations(plan(a=(), b=("a",), c=("b",)), "c") == ("a", "b")


def test_an_item_is_no_foundation_of_its_own_where_two_use_each_other():
    assert foundations(plan(a=("b",), b=("a",)), "a") == ("b",)
