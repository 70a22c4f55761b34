import numpy as np

from nnkit.data.photographs import load_photographs


def test_the_photographs_are_two_colour_pictures_of_one_size_and_say_where_they_come_from(capsys):
    photographs = load_photographs()
    assert photographs.shape == (2, 3, 150, 150)
    assert photographs.dtype == np.float64
    for photograph in photographs:
        assert 0 <= photograph.min() < 60
        assert 200 < photograph.max() <= 255
    said = capsys.readouterr().out
    assert "chelsea" in said
    assert "coffee" in said
    assert "CC0" in said
