"""A notebook that is built on an earlier one runs with the student's own, and is not marked down for its mistakes."""

import pytest
from earlier_notebook import write_two_notebooks

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.grading.grade import grade_notebook
from nnkit.kit.proof.verify import build_release
from nnkit.kit.sandbox.probing import best_tier


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    course = write_two_notebooks(tmp_path_factory.mktemp("course"))
    return plan_of(course, "a1", "more", build_release(course, "a1", course.release("a1")))


def notebook(plan, name, **sources):
    """A solved notebook with other sources in some cells."""
    solved = solved_notebook(source_notebook(load_template(plan.course, "a1", name)))
    for cell in solved.cells:
        cell.source = sources.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    return solved


def graded(plan, more, net):
    beside = {} if net is None else {"net": net}
    record = grade_notebook(plan, "ada", more, tier=best_tier(), beside=beside).record
    return {item.item: (item.score, item.status) for item in record.items}, record


def test_it_runs_with_the_definitions_of_the_earlier_one(plan):
    items, _ = graded(plan, notebook(plan, "more"), notebook(plan, "net"))
    assert items == {"wide": (2, "passed"), "own": (1, "passed")}


def test_another_right_way_of_the_earlier_one_is_what_runs(plan):
    other = notebook(plan, "net", double_forward="def double_forward(x):\n    print('mine')\n    return 2 * x, None")
    items, _ = graded(plan, notebook(plan, "more"), other)
    assert items["wide"] == (2, "passed")


def test_a_mistake_in_the_earlier_one_leaves_what_is_built_on_it_to_a_person(plan):
    wrong = notebook(plan, "net", double_forward="def double_forward(x):\n    return 3 * x, None")
    items, record = graded(plan, notebook(plan, "more"), wrong)
    assert items == {"wide": (None, "not_run"), "own": (1, "passed")}
    said = record.item("wide").tests[0].message
    assert said == "It is built on double_forward of net.ipynb, which does not pass its own tests: a person decides."


def test_an_earlier_one_that_is_missing_leaves_what_is_built_on_it_to_a_person(plan):
    items, record = graded(plan, notebook(plan, "more"), None)
    assert items == {"wide": (None, "not_run"), "own": (1, "passed")}
    assert "net.ipynb, which was not handed in" in record.item("wide").tests[0].message


def test_a_mistake_of_its_own_counts_where_the_earlier_one_is_right(plan):
    items, _ = graded(
        plan, notebook(plan, "more", wide="loss_of_wide = Net(5).loss(np.ones(5))"), notebook(plan, "net")
    )
    assert items["wide"] == (0, "failed")


def test_what_is_not_built_on_the_earlier_one_is_marked_whatever_that_is_like(plan):
    items, _ = graded(plan, notebook(plan, "more", own="six = 7"), None)
    assert items["own"] == (0, "failed")


def test_an_untouched_item_earns_nothing_although_the_earlier_one_is_missing(plan):
    untouched = release_notebook(source_notebook(load_template(plan.course, "a1", "more")))
    items, _ = graded(plan, untouched, None)
    assert items["wide"] == (0, "untouched")


def test_given_cells_of_the_earlier_one_are_restored(plan):
    changed = notebook(plan, "net", given_shifted="def shifted(x):\n    return x, None")
    assert graded(plan, notebook(plan, "more"), changed)[0]["wide"] == (2, "passed")
