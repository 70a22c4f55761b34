"""nbgrader's gradebook: where it lies, what goes into it, who writes it."""
