"""Reads of two bacteria: pieces of DNA, each from one of the two."""

import numpy as np

from ..alphabet import LETTERS


def load_reads():
    """Strands, and for each whether it is the second bacterium's."""
    print("200 reads of two bacteria")
    return draw(200, 1)


def draw(count, seed):
    """Drawn reads: one bacterium has more of the strong letters than the other."""
    rng = np.random.default_rng(seed)
    second = rng.random(count) < 0.5
    strands = []
    for each in second:
        strong = rng.normal(0.62 if each else 0.4, 0.05) / 2
        strands.append("".join(rng.choice(list(LETTERS), size=60, p=[0.5 - strong, strong, strong, 0.5 - strong])))
    return strands, second
