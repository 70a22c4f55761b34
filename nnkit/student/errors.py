"""What can go wrong in a test, told apart: a check that failed, and code of the student's that broke."""

# The limits that code can meet where it is graded, each a verdict of its own, and their words in a table of results.
LIMITS = {
    "timeout": "took too long",
    "cpu_limit": "used too much CPU time",
    "notebook_time": "the notebook took too long",
    "notebook_cpu": "the notebook used too much CPU time",
    "out_of_memory": "ran out of memory",
    "process_limit": "too many processes or threads",
    "open_files_limit": "too many open files",
    "file_size_limit": "wrote too large a file",
    "scratch_full": "wrote too many files",
    "output_limit": "put out without end",
    "killed": "ended its process",
}


class CheckFailure(AssertionError):
    """A value the submission gave is not what the test asks for.

    Parameters
    ----------
    message : str
        What was wrong, in a sentence a student can act on.
    measured, allowed : float, optional
        The number compared and its limit, where the check came as far as a number.
    bound : {"at most", "at least"}
        Which kind of limit it is.
    """

    def __init__(self, message, measured=None, allowed=None, bound="at most"):
        super().__init__(message)
        self.message = message
        self.measured = measured
        self.allowed = allowed
        self.bound = bound


class StudentError(Exception):
    """Student code raised, or lacks a name that a test asks for.

    Parameters
    ----------
    message : str
        One line: the exception's type and text, or which name is missing.
    traceback_text : str
        The traceback, from the student's own frames only.
    kind : str, optional
        The verdict this leads to: "student_error", "not_implemented" for an exercise not yet written, or one of
        `LIMITS`.
    exception : str, optional
        The name of the exception's type, where student code raised one: the message is the student's own words then.
    """

    kind = "student_error"

    def __init__(self, message, traceback_text="", kind=None, exception=""):
        super().__init__(message)
        self.message = message
        self.traceback_text = traceback_text
        self.exception = exception
        if kind is not None:
            self.kind = kind


class StudentStopped(StudentError):
    """Student code met one of the `LIMITS`, its `kind`."""

    kind = "killed"


class StudentTimeout(StudentStopped):
    """Student code ran past its time limit."""

    kind = "timeout"


class StudentOutOfMemory(StudentStopped):
    """Student code ran past its memory limit."""

    kind = "out_of_memory"


class StudentKilled(StudentStopped):
    """The process that ran the student's code has ended."""

    kind = "killed"
