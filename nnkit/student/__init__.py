"""What a student's notebook imports."""

from nnkit.student.check import check
from nnkit.student.solutions import solutions_of

__all__ = ["check", "solutions_of"]
