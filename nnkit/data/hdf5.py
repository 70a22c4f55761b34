"""HDF5 files of data sets: found, checked and read by slices, never as a whole."""

import os
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from nnkit.data.folder import data_folder

ROWS_AT_ONCE = 20_000


def find_file(given, variable, name):
    """The file of a data set, and who named it; None and the folder searched if there is none.

    Parameters
    ----------
    given : path or None
        What the caller asked for.
    variable : str
        An environment variable that may name the file.
    name : str
        What the file is called in the data folder.
    """
    if given is not None:
        return Path(given), "the file given"
    if os.environ.get(variable):
        return Path(os.environ[variable]), f"environment variable {variable}"
    if (data_folder() / name).is_file():
        return data_folder() / name, "found in the data folder"
    return None, data_folder()


@contextmanager
def opened(path):
    """The file, open for reading.

    Raises
    ------
    FileNotFoundError
        It isn't there.
    ValueError
        It is no HDF5 file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"{path}: this is no HDF5 file, or a damaged one ({error})") from error
    with file:
        yield file


def table(file, name, shape, kinds):
    """A data set of an open file, checked but not read.

    Parameters
    ----------
    file : h5py.File
    name : str
    shape : tuple
        What is wanted; None stands for any length.
    kinds : str
        Kinds of dtype that will do, such as "iu".

    Raises
    ------
    ValueError
        It is missing, or of another shape or dtype.
    """
    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        raise ValueError(
            f"{file.filename}: there is no data set /{name} (there are {', '.join(sorted(file)) or 'none'})"
        )
    fits = len(found.shape) == len(shape)
    if not fits or any(want not in (None, have) for have, want in zip(found.shape, shape, strict=True)):
        wanted = f"({', '.join('N' if want is None else str(want) for want in shape)}{',' * (len(shape) == 1)})"
        raise ValueError(f"{file.filename}: /{name} has shape {found.shape}, expected {wanted}")
    if found.dtype.kind not in kinds:
        raise ValueError(f"{file.filename}: /{name} has dtype {found.dtype}, which is not what it should hold")
    return found


def pair_of_tables(file, inputs, targets):
    """Two checked data sets with a row for each example, given as the arguments of `table` after the file."""
    pair = table(file, *inputs), table(file, *targets)
    lengths = [len(each) for each in pair]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"{file.filename}: /{inputs[0]} has {lengths[0]} rows and /{targets[0]} has {lengths[1]}; "
            "they should be the same"
        )
    return pair


def read_rows(data, dtype, wanted=None):
    """Rows of a data set, slice by slice; where fewer than all are wanted, evenly spread over the file.

    Parameters
    ----------
    data : h5py.Dataset
    dtype : dtype
    wanted : int, optional
        How many rows; by default all.

    Raises
    ------
    ValueError
        There are not so many.
    """
    total = len(data)
    wanted = total if wanted is None else wanted
    if not 0 <= wanted <= total:
        raise ValueError(f"{data.file.filename}: {wanted} rows of {data.name} are asked for, and there are {total}")
    chosen = np.arange(wanted) * total // max(wanted, 1)
    rows = np.empty((wanted, *data.shape[1:]), dtype=dtype)
    for start in range(0, total, ROWS_AT_ONCE):
        first, last = np.searchsorted(chosen, [start, start + ROWS_AT_ONCE])
        if first < last:
            rows[first:last] = data[start : start + ROWS_AT_ONCE][chosen[first:last] - start]
    return rows
