"""One vocabulary of limits, and a message for each that names its value."""

from typing import get_args

import pytest

from nnkit.kit.course.settings import Limits, Pace
from nnkit.kit.grading.record import Verdict
from nnkit.kit.grading.results import VERDICT_WORDS
from nnkit.kit.locked.limit_messages import CELL_RAN, explain
from nnkit.student.errors import LIMITS
from nnkit.student.table import WORDS
from nnkit.student.verdict import VERDICTS

PACE = Pace(cpu_s=11, wall_s=12)
VALUES = Limits(
    notebook=Pace(cpu_s=13, wall_s=14),
    memory_mb=1500,
    processes=16,
    open_files=17,
    file_mb=18,
    scratch_mb=19,
    output_kb=20,
)
NAMED = {
    "timeout": "12 s",
    "cpu_limit": "11 s",
    "notebook_time": "14 s",
    "notebook_cpu": "13 s",
    "out_of_memory": "1500 MB",
    "process_limit": "16 processes and threads",
    "open_files_limit": "17 files",
    "file_size_limit": "18 MB",
    "scratch_full": "19 MB",
    "output_limit": "20 kB",
    "output_cut": "20 kB",
    "killed": "os._exit()",
}


@pytest.mark.parametrize("limit", [*LIMITS, *(CELL_RAN - {"ok", "error"})])
def test_a_message_says_who_met_which_limit_and_what_to_do(limit: str) -> None:
    subject, _, mend = explain(limit, "The cell a", VALUES, PACE).rpartition(": ")
    assert subject.startswith("The cell a ")
    assert NAMED[limit] in subject + mend
    assert mend.endswith(".")


def test_every_place_knows_every_verdict() -> None:
    assert set(get_args(Verdict)) == {*VERDICTS, "not_run"} == set(VERDICT_WORDS)
    assert set(WORDS) == set(VERDICTS)
