"""A notebook's file of expected outputs, `NOTEBOOK.h5`, opened without trusting that it is whole."""

from __future__ import annotations

import h5py
import numpy as np

from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.settings import Course


def stored_outputs(course: Course, assignment: str, notebook: str) -> dict[str, np.ndarray]:
    """The stored outputs by key, such as ``public/affine_forward/out``; none if there is no file.

    Raises
    ------
    BuildError
        The file can't be read.
    """
    path = course.expected(assignment, notebook)
    if not path.is_file():
        return {}
    found: dict[str, np.ndarray] = {}

    def keep(key: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            found[key] = np.asarray(node[()])

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
    except (OSError, RuntimeError):
        what, mend = "is no HDF5 file, or a damaged one", record_again(assignment, notebook)
        raise BuildError(what, file=path.relative_to(course.root), mend=mend) from None
    return found


def record_again(assignment: str, notebook: str) -> str:
    """The command that writes the file anew."""
    return f"run: nnkit record {assignment}/{notebook}"
