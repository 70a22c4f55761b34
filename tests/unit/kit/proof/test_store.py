"""Proofs that are kept: only whole ones in which nothing is wrong, and only for the digest that they were made of."""

import os

import pytest
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import source_notebook
from nnkit.kit.course.errors import Finding
from nnkit.kit.proof.store import KEPT, ProofStore
from nnkit.kit.proof.verification import CaughtMistake, NotebookProof, VerifiedItem


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


@pytest.fixture
def proof(course):
    item = VerifiedItem("a1", "net", "Net", 6.0, 6.0, 0.0, [CaughtMistake("half", 2.0, True)])
    person = [{"assignment": "a1", "notebook": "net", "item": "zero_why", "points": 3, "ok": True}]
    reference = source_notebook(load_template(course, "a1", "net"))
    return NotebookProof("a1", "net", [item], person, [], reference)


def stored_files(course):
    return sorted((course.root / ".cache/proofs/a1/net").glob("*"))


def test_a_proof_is_found_again_as_it_was(course, proof):
    ProofStore(course).keep(proof, "abc")
    found = ProofStore(course).find("a1", "net", "abc")
    assert (found.items, found.by_person, found.reference) == (proof.items, proof.by_person, proof.reference)
    assert (found.ok, found.stored) == (True, True)


@pytest.mark.parametrize(("assignment", "notebook", "digest"), [("a1", "net", "abd"), ("a1", "more", "abc")])
def test_a_proof_of_something_else_is_not_found(course, proof, assignment, notebook, digest):
    ProofStore(course).keep(proof, "abc")
    assert ProofStore(course).find(assignment, notebook, digest) is None


def test_a_file_that_was_renamed_proves_nothing(course, proof):
    ProofStore(course).keep(proof, "abc")
    (path,) = stored_files(course)
    path.rename(path.with_name("abd.json"))
    assert ProofStore(course).find("a1", "net", "abd") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: setattr(proof.items[0], "reference", 5.0),
        lambda proof: setattr(proof.items[0], "untouched", 1.0),
        lambda proof: setattr(proof.items[0].misconceptions[0], "caught", False),
        lambda proof: proof.by_person[0].update(ok=False),
        lambda proof: proof.faults.append(Finding("a cell fails", "a1/net.md", 3)),
        lambda proof: (proof.items.clear(), proof.by_person.clear()),
    ],
)
def test_what_is_not_proven_is_not_kept(course, proof, change):
    change(proof)
    ProofStore(course).keep(proof, "abc")
    assert stored_files(course) == []


@pytest.mark.parametrize("damage", [lambda text: text[:-100], lambda text: "[]", lambda text: text.replace("6.0", "7")])
def test_a_damaged_proof_is_none(course, proof, damage):
    ProofStore(course).keep(proof, "abc")
    (path,) = stored_files(course)
    path.write_text(damage(path.read_text()).replace('points": 7, "reference": 7', 'points": 7, "reference": 6'))
    assert ProofStore(course).find("a1", "net", "abc") is None


def test_only_the_latest_proofs_stay(course, proof):
    for number in range(KEPT + 2):
        ProofStore(course).keep(proof, f"d{number}")
        for age, path in enumerate(stored_files(course)):
            os.utime(path, (age, age))
    assert [path.name for path in stored_files(course)] == [f"d{number}.json" for number in range(2, KEPT + 2)]


def test_a_proof_that_was_used_stays_longer(course, proof):
    store = ProofStore(course)
    for number in range(KEPT):
        store.keep(proof, f"d{number}")
    for age, path in enumerate(stored_files(course)):
        os.utime(path, (age, age))
    store.find("a1", "net", "d0")
    store.keep(proof, "new")
    assert [path.stem for path in stored_files(course)] == ["d0", "d2", "d3", "new"]
