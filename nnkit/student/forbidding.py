"""Exercises that are to be solved without some function, of a library or of the notebook itself."""

from contextlib import contextmanager

from nnkit.student.disabling import complaint
from nnkit.student.errors import CheckFailure, StudentError


@contextmanager
def forbidden(submission, *functions):
    """Let calls of some functions fail, by whatever name the student's code calls them.

    For the time of the ``with`` block they raise, for the submission and all other code of its process, also where a
    notebook has bound them to a name of its own. Compute what you compare with before it or after it; no second one
    inside.

    Parameters
    ----------
    submission : submission
    *functions : str
        Each with its module: ``"numpy.linalg.norm"``. It has to be written in Python, as most of NumPy's public
        functions are. A name alone is a function of the notebook's: ``"svm_loss_naive"``.

    Raises
    ------
    CheckFailure
        Naming the function, where the student's code calls it and does not get over it.
    ValueError
        If there is no such function, or it is not written in Python.
    """
    try:
        submission.disable(functions)
        yield
    except StudentError as error:
        for function in functions:
            if complaint(function) in error.message:
                raise CheckFailure(f"your code calls {function}, which is not allowed here") from None
        raise
    finally:
        submission.enable_all()
