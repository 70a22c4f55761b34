"""nbgrader's log lines: it writes names of folders and messages of programs as they are, which a terminal obeys."""

from __future__ import annotations

import copy
import logging

from tornado.log import LogFormatter

from nnkit.kit.course.terminal import printable


class PrintableFormatter(LogFormatter):
    """nbgrader's own formatter, on messages without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        clean = copy.copy(record)
        clean.msg, clean.args = printable(record.getMessage()), None
        return str(super().format(clean))
