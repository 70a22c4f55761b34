"""What a terminal is given of names and messages that others wrote."""

import io

import pytest
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nnkit.kit.course.terminal import Terminal, printable

TITLE, CLIPBOARD = "\x1b]0;owned\x07", "\x1b]52;c;cm0gLXJm\x1b\\"
MOVES, TURNS = ["\x9b2J", "\x1b[2A\x1b[31mforged", "a\rb", "\x08\x08\x08"], ["\u202egnp.exe", "\u2066x"]
HOSTILE = [TITLE, CLIPBOARD, *MOVES, *TURNS, "\x85", "\x00"]


@pytest.mark.parametrize("text", HOSTILE)
def test_control_characters_are_shown_as_their_numbers(text):
    shown = printable(text)
    assert all(character.isprintable() for character in shown)
    assert shown != text


@pytest.mark.parametrize("text", ["Zoë Åström", "数学", "a\tb\nc", "🧑\u200d🔬", "naïve — “quoted” …"])
def test_what_people_write_stays(text):
    assert printable(text) == text


def table(text):
    made = Table(title=Text(text))
    made.add_column(Text(text))
    made.add_row(Text(text))
    made.caption = Text(text)
    return made


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrapped", [Text, escape, table, lambda text: Panel(Text(text), title=Text(text))])
def test_nothing_that_is_printed_holds_one_whatever_it_is_in(text, wrapped):
    file = io.StringIO()
    Terminal(file=file, width=80).print(wrapped(text))
    assert all(character.isprintable() or character == "\n" for character in file.getvalue())


def test_colours_of_our_own_are_printed():
    file = io.StringIO()
    Terminal(file=file, width=80, force_terminal=True, color_system="standard").print("[red]error[/]: x\x1b[2J")
    assert "\x1b[31m" in file.getvalue()
    assert "\x1b[2J" not in file.getvalue()
