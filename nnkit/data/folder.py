"""Where data sets live on this machine."""

import os
from pathlib import Path

DATA_VARIABLE = "NNKIT_DATA"


def data_folder():
    """The folder the environment variable NNKIT_DATA names, else ``data`` under the current one. It need not exist."""
    return Path(os.environ.get(DATA_VARIABLE) or "data")
