"""Tests of the two strands."""

import numpy as np
import pytest

from nnkit.student.testing import StudentError, assert_equal, assert_shape, item

FACING = str.maketrans("ACGT", "TGCA")


def drawn(rng, size):
    return "".join(rng.choice(list("ACGT"), size=size))


@item("complement", public=True, message="A faces T, C faces G.")
def test_four_letters(submission):
    assert_equal(submission.complement("ACGT"), "TGCA", "the complement")


@item("complement", confirms="test_four_letters", message="Wrong for longer strands.")
def test_a_long_strand(submission, rng):
    strand = drawn(rng, 50)
    assert_equal(submission.complement(strand), strand.translate(FACING), "the complement")


@item("complement", needs="test_four_letters", message="A letter that is none of DNA's is a ValueError.")
def test_a_wrong_letter(submission):
    with pytest.raises(StudentError, match="ValueError: "):
        submission.complement("ACX")


@item("other_strand", public=True, message="It is read backwards.")
def test_five_letters(submission):
    assert_equal(submission.other_strand("AACGC"), "GCGTT", "the other strand")


@item("other_strand", weight=2, confirms="test_five_letters", message="Wrong for other strands.")
def test_another_long_strand(submission, rng):
    strand = drawn(rng, 40)
    assert_equal(submission.other_strand(strand), strand.translate(FACING)[::-1], "the other strand")


def right_part(submission, strands, second):
    assert_shape(submission.cutoff, (), "cutoff")
    parts = np.array([sum(letter in "CG" for letter in strand) / len(strand) for strand in strands])
    return np.mean((parts > submission.cutoff) == second)


@item("cutoff", message="Your cutoff takes one bacterium for the other.")
def test_other_reads(submission, data, thresholds):
    thresholds.check("right", right_part(submission, *data("reads")), "other reads")
