"""What can go wrong in a test, told apart: a check that failed, and code of the student's that broke."""


class CheckFailure(AssertionError):
    """A value the submission gave is not what the test asks for.

    Parameters
    ----------
    message : str
        What was wrong, in a sentence a student can act on.
    measured, allowed : float, optional
        The number compared and its limit, where the check came as far as a number.
    """

    def __init__(self, message, measured=None, allowed=None):
        super().__init__(message)
        self.message = message
        self.measured = measured
        self.allowed = allowed


class StudentError(Exception):
    """Student code raised, or lacks a name that a test asks for.

    Parameters
    ----------
    message : str
        One line: the exception's type and text, or which name is missing.
    traceback_text : str
        The traceback, from the student's own frames only.
    kind : str, optional
        The verdict this leads to: "student_error", or "not_implemented" for an exercise not yet written.
    """

    kind = "student_error"

    def __init__(self, message, traceback_text="", kind=None):
        super().__init__(message)
        self.message = message
        self.traceback_text = traceback_text
        if kind is not None:
            self.kind = kind


class StudentTimeout(StudentError):
    """Student code ran past its time limit."""

    kind = "timeout"


class StudentOutOfMemory(StudentError):
    """Student code ran past its memory limit."""

    kind = "out_of_memory"


class StudentKilled(StudentError):
    """The process that ran the student's code ended by a signal."""

    kind = "killed"
