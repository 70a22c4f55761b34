"""Pictures and captions side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nnkit.caption_pictures import show_captions


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def texts():
    return [text.get_text() for axis in plt.gcf().axes for text in axis.texts]


def test_every_picture_has_its_text_on_its_right():
    images = [np.full((4, 4, 3), shade, dtype=np.uint8) for shade in (0, 120, 240)]
    show_captions(images, ["one", "two", "three"], title="Three")
    pictures = [axis for axis in plt.gcf().axes if axis.images]
    assert [int(axis.images[0].get_array()[0, 0, 0]) for axis in pictures] == [0, 120, 240]
    assert texts() == ["one", "two", "three"]
    assert plt.gcf().get_suptitle() == "Three"
    places = {axis: place for place, axis in enumerate(plt.gcf().axes)}
    assert [places[axis] % 2 for axis in pictures] == [0, 0, 0]


def test_several_texts_are_named():
    show_captions([np.zeros((2, 2, 3), dtype=np.uint8)], [{"model": "a ring", "person": "one ring"}])
    assert texts() == ["model: a ring\nperson: one ring"]


def test_long_texts_are_broken_into_lines():
    show_captions([np.zeros((2, 2, 3), dtype=np.uint8)], ["word " * 20])
    assert all(len(line) <= 38 for line in texts()[0].split("\n"))
