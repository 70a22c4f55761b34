"""nbgrader's log lines at a terminal."""

import logging

from nnkit.kit.nbgrader.log_lines import PrintableFormatter


def test_a_log_line_holds_no_control_character_of_a_name():
    record = logging.LogRecord("nbgrader", logging.INFO, __file__, 1, "Autograding %s", ("\x1b]0;owned\x07",), None)
    assert PrintableFormatter(color=False, fmt="%(message)s").format(record) == "Autograding \\x1b]0;owned\\x07"
