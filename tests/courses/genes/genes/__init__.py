"""Reading genes."""
