"""Files in .cache that hold what no student may see."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any


def write_privately(file: Path, values: dict[str, Any]) -> None:
    """Write values to a file that only its owner may read, whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".making-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            pickle.dump(values, stream)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink()
        raise
