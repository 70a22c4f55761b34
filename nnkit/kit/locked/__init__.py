"""The program inside the locked process, and the grader's side of the wire."""
