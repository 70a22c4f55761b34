"""Where data sets live on this machine."""

import os
from pathlib import Path


def data_folder():
    """The folder the environment variable NNKIT_DATA names, else ``data`` under the current one. It need not exist."""
    return Path(os.environ.get("NNKIT_DATA") or "data")
