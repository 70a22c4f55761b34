"""nbgrader's own commands, made to grade as nnkit does.

A course's nbgrader_config.py is ``from nnkit.kit.nbgrader import configure`` and ``configure(get_config())``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config


def configure(config: Config) -> None:
    """Set nbgrader up for the course whose folder, or a folder above it, is the current one; for nbgrader_config.py."""
    # Imported here: whoever needs another module of this room should not wait for all of nbgrader.
    from nnkit.kit.nbgrader.config import configure as configure_for

    configure_for(config)
