"""What a student reads about a limit: its value in course.toml, and what to do."""

from __future__ import annotations

from nnkit.kit.course.settings import Limits, Pace

# What a cell can come to besides: its outputs are not complete, but it has run.
CELL_RAN = frozenset({"ok", "error", "output_cut"})

_NOTEBOOK = "did not run to its end: all cells of the notebook together may"
_MESSAGES = {
    "timeout": (
        "took more than {pace.wall_s:g} s by the clock and was stopped",
        "look for a loop that does not end, or give it less to do",
    ),
    "cpu_limit": (
        "used more than {pace.cpu_s:g} s of CPU time and was stopped",
        "look for a loop that does not end; what threads and other processes use counts too",
    ),
    "notebook_time": (
        _NOTEBOOK + " take {limits.notebook.wall_s:g} s by the clock",
        "make the slow cells faster; what it defines was used all the same",
    ),
    "notebook_cpu": (
        _NOTEBOOK + " use {limits.notebook.cpu_s:g} s of CPU time",
        "make the slow cells faster; what it defines was used all the same",
    ),
    "out_of_memory": (
        "needed more than {limits.memory_mb} MB of memory",
        "work in smaller batches, and look for arrays that grow or have a shape you did not intend",
    ),
    "process_limit": (
        "made more than {limits.processes} processes and threads at a time",
        "use fewer, and wait for the ones that are done",
    ),
    "open_files_limit": (
        "kept more than {limits.open_files} files open at a time",
        "close them: with open(...) as file",
    ),
    "file_size_limit": ("wrote a file larger than {limits.file_mb} MB", "save less, or in several files"),
    "scratch_full": (
        "wrote more than {limits.scratch_mb} MB of files, or very many of them",
        "remove what is no longer needed, or keep it in memory",
    ),
    "output_limit": (
        "put out many times the {limits.output_kb} kB that are kept and was stopped",
        "print less, such as every hundredth step",
    ),
    "output_cut": (
        "put out more than is kept ({limits.output_kb} kB for a cell), and the rest was left out",
        "print less, such as every hundredth step",
    ),
    "killed": (
        "ended the process it ran in, which exit(), os._exit() and crashes of compiled code do",
        "what came before was defined again for the rest",
    ),
}


def explain(limit: str, subject: str, limits: Limits, pace: Pace) -> str:
    """What happened at a limit and what to do, in a sentence.

    Parameters
    ----------
    limit : str
        One of `nnkit.student.errors.LIMITS`, or "output_cut".
    subject : str
        Who met it: the beginning of the sentence.
    limits : Limits
        Of the course.
    pace : Pace
        The time that applies: of a cell, or of an item.
    """
    happened, mend = _MESSAGES[limit]
    return f"{subject} {happened.format(limits=limits, pace=pace)}: {mend}."
