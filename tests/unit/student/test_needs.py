"""Tests that count only together with others."""

from pathlib import Path

import pytest

from nnkit.student.plugin import GraderTest, TestResult
from nnkit.student.verdict import unmet_needs, withhold


def a_test(name, *, item="layer", public=False, needs=(), confirms=()):
    return GraderTest(item, name, public, 1, "", "layers", Path("test_layers.py"), False, needs, confirms)


def test_a_test_without_needs_earns_by_itself():
    assert unmet_needs([a_test("a"), a_test("b")], {"a"}) == {}


def test_a_test_earns_nothing_without_what_it_needs():
    assert unmet_needs([a_test("values"), a_test("unchanged", needs=("values",))], {"unchanged"}) == {
        "unchanged": ("values",)
    }


def test_needs_are_followed_through_others():
    tests = [a_test("values"), a_test("shape", needs=("values",)), a_test("unchanged", needs=("shape",))]
    assert set(unmet_needs(tests, {"shape", "unchanged"})) == {"shape", "unchanged"}


def test_a_public_test_needs_the_hidden_one_that_confirms_it():
    tests = [a_test("small", public=True), a_test("random", confirms=("small",)), a_test("other")]
    assert unmet_needs(tests, {"small", "other"}) == {"small": ("random",)}
    assert unmet_needs(tests, {"small", "random"}) == {}


def test_a_public_test_that_none_confirms_needs_any_hidden_test_of_its_item():
    tests = [a_test("small", public=True), a_test("random"), a_test("other", item="loss")]
    assert set(unmet_needs(tests, {"small", "other"})) == {"small"}
    assert unmet_needs(tests, {"small", "random"}) == {}


def test_a_hidden_test_that_lost_its_own_need_confirms_nothing():
    tests = [a_test("small", public=True), a_test("values"), a_test("unchanged", needs=("values",))]
    assert set(unmet_needs(tests, {"small", "unchanged"})) == {"small", "unchanged"}


def test_where_no_hidden_test_is_run_public_ones_stand_by_themselves():
    assert unmet_needs([a_test("small", public=True)], {"small"}) == {}


def test_what_is_withheld_says_with_which_tests_it_would_count():
    tests = [a_test("test_small", public=True), a_test("test_random_images", confirms=("test_small",))]
    results = [
        TestResult("layer", test.name, test.public, 1, verdict, None, None, "", "")
        for test, verdict in zip(tests, ("passed", "failed"), strict=True)
    ]
    withhold(results, tests)
    assert results[0].verdict == "failed"
    assert "random images" in results[0].message


@pytest.mark.parametrize("name", ["test_small", "test_random_images"])
def test_nothing_is_withheld_where_all_pass(name):
    tests = [a_test("test_small", public=True), a_test("test_random_images", confirms=("test_small",))]
    results = [TestResult("layer", test.name, test.public, 1, "passed", None, None, "", "") for test in tests]
    withhold(results, tests)
    assert {result.name: result.verdict for result in results}[name] == "passed"


def test_a_name_stands_for_every_run_of_a_test_with_parameters():
    tests = [a_test("values[1]"), a_test("values[2]"), a_test("unchanged", needs=("values",))]
    assert unmet_needs(tests, {"values[1]", "unchanged"}) == {"unchanged": ("values[2]",)}
    assert unmet_needs(tests, {"values[1]", "values[2]", "unchanged"}) == {}


def test_every_run_of_a_public_test_is_confirmed():
    tests = [a_test("small[1]", public=True), a_test("small[2]", public=True), a_test("random", confirms=("small",))]
    assert set(unmet_needs(tests, {"small[1]", "small[2]"})) == {"small[1]", "small[2]"}
