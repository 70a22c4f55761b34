"""How this kit is called among packages, what it was installed with, and what installs more of it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import nnkit
from nnkit.kit.course.errors import BuildError

# What Python imports is `nnkit`; on PyPI that name belongs to another package.
DISTRIBUTION = "nnkit-teaching"


def install_extra(extra: str) -> str:
    """The command that adds what an optional part of the kit needs to an environment in which the kit is installed."""
    return f'pip install "{DISTRIBUTION}[{extra}]"'


def requirements() -> list[str]:
    """What the kit itself requires, as its installation says: ``"numpy<3,>=1.26"``.

    Raises
    ------
    BuildError
        The kit is importable, but not installed.
    """
    try:
        return list(metadata.requires(DISTRIBUTION) or ())
    except metadata.PackageNotFoundError:
        folder = Path(nnkit.__file__).parent.parent
        what = f"nnkit is imported from here, but {DISTRIBUTION} is not installed"
        raise BuildError(what, file=folder, mend=f"run: pip install -e {folder}") from None
