"""Tests of genes and proteins."""

from nnkit.student.testing import assert_equal, item, opaque


def reads(submission, strand, words):
    found = opaque(submission.open_frame(strand), "the words", "a list")
    assert_equal(len(found), len(words), "the number of words")
    for number, (each, word) in enumerate(zip(found, words, strict=True)):
        assert_equal(each, word, f"word {number}")


@item("open_frame", public=True, message="From the start word to the word before the next stop word.")
def test_a_short_gene(submission):
    reads(submission, "CCATGGGATAAGG", ["ATG", "GGA"])


@item("open_frame", weight=2, confirms="test_a_short_gene", message="Stop words count in step with the start word.")
def test_genes_with_other_words(submission, rng):
    words = ["ATG", *("".join(rng.choice(list("CG"), size=3)) for _ in range(5)), "GTA", "ACC"]
    reads(submission, "CC" + "".join(words) + "TGAATG", words)


@item("open_frame", needs="test_a_short_gene", message="Without a start word there is no gene.")
def test_no_gene(submission):
    reads(submission, "CCCCCC", [])
