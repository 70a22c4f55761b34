"""Reads that no notebook has."""

from genes.data.reads import draw


def held_out(path, seed):
    """Strands, and for each whether it is the second bacterium's."""
    return draw(300, seed)
