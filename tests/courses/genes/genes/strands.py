"""The two strands of DNA."""

import genes.alphabet as alphabet


def complement(strand):
    """The letters that face those of a strand.

    Raises
    ------
    ValueError
        The strand has another letter than A, C, G and T.
    """
    # TODO: look every letter up in `alphabet.PARTNER`.
    ### BEGIN SOLUTION
    if not set(strand) <= set(alphabet.LETTERS):
        raise ValueError("a letter that is none of DNA's")
    return "".join(alphabet.PARTNER[letter] for letter in strand)
    ### END SOLUTION


def other_strand(strand):
    """The strand that faces this one, in the direction in which it is read: backwards."""
    # TODO: use `complement`.
    ### BEGIN SOLUTION
    return complement(strand)[::-1]
    ### END SOLUTION


def strong_part(strand):
    """The part of the letters that are C or G, which hold the strands together more strongly."""
    return sum(letter in "CG" for letter in strand) / len(strand)
