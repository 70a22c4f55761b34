"""Texts that become HTML in another process."""

import base64
import io
import time

import pytest
from PIL import Image

from nnkit.kit.reporting import converter as module
from nnkit.kit.reporting.converter import Converter


@pytest.fixture
def converter():
    made = Converter()
    yield made
    made._end()


def picture(width, height):
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return f'<img src="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}">'


def test_markdown_code_and_html_are_converted(converter):
    assert "<strong>x</strong>" in converter.convert("markdown", "**x**", {})
    assert "<span" in converter.convert("code", "def f(): pass")
    assert "script" not in converter.convert("html", "<b>x</b><script>alert(1)</script>")


# Each of these keeps a library busy for minutes.
SLOW = [
    ("markdown", "\\\\[" * 50_000, {}),
    ("markdown", "[" * 50_000, {}),
    ("markdown", "$" * 99_999, {}),
    ("code", "'" + "\\\n" * 50_000),
    ("code", "f'" + "{" * 90_000),
    ("markdown", "<" * 90_000, {}),
]


@pytest.mark.parametrize("conversion", SLOW, ids=range(len(SLOW)))
def test_no_text_takes_much_longer_than_it_may(converter, monkeypatch, conversion):
    monkeypatch.setattr(module, "TEXT_CPU_S", 0.5)
    converter.convert(*conversion)
    assert converter._left > module.PAGE_CPU_S - 1.5


def test_after_a_text_that_took_too_long_the_next_one_is_converted(converter, monkeypatch):
    monkeypatch.setattr(module, "TEXT_CPU_S", 0.2)
    results = [converter.convert(*conversion) for conversion in SLOW]
    assert None in results, "none of them is slow any more: find others"
    monkeypatch.setattr(module, "TEXT_CPU_S", 3.0)
    assert "<em>" in converter.convert("markdown", "*x*", {})


def test_a_page_that_has_used_up_its_time_is_not_converted_any_further(converter, monkeypatch):
    converter.convert("markdown", "x", {})
    converter._left = 0.0
    assert converter.convert("markdown", "*x*", {}) is None
    converter.begin_page()
    assert converter.convert("markdown", "*x*", {}) is not None


def test_a_process_that_says_nothing_is_not_waited_for(converter, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_WITHIN_S", 0.0)
    began = time.monotonic()
    assert converter.convert("markdown", "x", {}) is None
    assert converter._process is None
    assert time.monotonic() - began < 60


def test_the_pictures_of_a_page_have_a_limit_together(converter):
    converter.begin_page()
    shown = [converter.convert("html", picture(7000, 7000)).count("base64") for _ in range(5)]
    assert shown == [1, 1, 1, 0, 0]
    converter.begin_page()
    assert converter.convert("html", picture(7000, 7000)).count("base64") == 1
