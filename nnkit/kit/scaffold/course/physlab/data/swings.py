"""Swings of a pendulum, read off a film."""

from pathlib import Path

import numpy as np

DT = 0.05  # seconds between two pictures of the film


def load_swings():
    """The angles of every swing, rad.

    Returns
    -------
    (N, T) array
        A row for each swing, from the moment when the pendulum is let go, with `DT` seconds between columns.
    """
    angles = np.loadtxt(Path(__file__).with_name("swings.csv"), delimiter=",")
    print(f"{len(angles)} swings of {(angles.shape[1] - 1) * DT:g} s")
    return angles
