"""Unigram BLEU, on captions short enough to count by hand."""

import math

import pytest

from nnkit.bleu import mean_unigram_bleu, unigram_bleu


@pytest.mark.parametrize(
    ("caption", "wanted"),
    [
        ("a red ring above a star", 1.0),
        ("star a above ring red a", 1.0),
        ("a blue ring above a disc", 4 / 6),
        ("a a a a a a", 2 / 6),
        ("green", 0.0),
        ("a red ring", math.exp(1 - 6 / 3)),
        ("a red ring above a star on white ground", 6 / 9),
        ("", 0.0),
    ],
)
def test_words_that_the_reference_has_count_as_often_as_it_has_them(caption, wanted):
    assert unigram_bleu(caption, "a red ring above a star") == pytest.approx(wanted)


def test_of_several_references_any_may_have_a_word():
    assert unigram_bleu("red disc", ["red ring", "a disc"]) == pytest.approx(1.0)


def test_the_mean_is_over_captions():
    assert mean_unigram_bleu(["red ring", "blue"], ["red ring", "green"]) == pytest.approx(0.5)


@pytest.mark.parametrize(("captions", "references"), [([], []), (["red"], [])])
def test_captions_without_references_have_no_mean(captions, references):
    with pytest.raises(ValueError, match=f"{len(captions)} captions and 0 references"):
        mean_unigram_bleu(captions, references)
