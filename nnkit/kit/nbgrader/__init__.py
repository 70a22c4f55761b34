"""nbgrader's own commands, made to grade as nnkit does.

A course's nbgrader_config.py is ``from nnkit.kit.nbgrader import configure`` and ``configure(get_config())``.
"""

from nnkit.kit.nbgrader.config import configure

__all__ = ["configure"]
