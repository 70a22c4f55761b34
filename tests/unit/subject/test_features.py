"""Features of pictures: their sizes, what they tell apart, and what they are blind to."""

import colorsys

import numpy as np
import pytest

from nnkit.data.shapes import draw
from nnkit.features import color_histogram_hsv, extract_features, hog_feature, normalize_features


@pytest.fixture(scope="module")
def pictures():
    return draw(20, seed=5)[0]


def striped(across):
    """Two broad stripes in grey, side by side or one above the other."""
    grey = np.where(np.arange(32) % 16 < 8, 60.0, 180.0)
    plane = np.tile(grey, (32, 1)) if across else np.tile(grey[:, np.newaxis], (1, 32))
    return np.stack([plane] * 3)


def of_one_colour(*rgb):
    return np.full((3, 32, 32), np.reshape(rgb, (3, 1, 1)), dtype=np.uint8)


def test_hog_has_nine_directions_for_each_of_sixteen_cells(pictures):
    assert hog_feature(pictures[0]).shape == (144,)


def test_hog_of_an_upright_edge_votes_for_the_horizontal_gradient():
    votes = hog_feature(striped(across=True)).reshape(16, 9).sum(axis=0)
    assert votes.argmax() == 0


def test_hog_of_a_level_edge_votes_for_the_vertical_gradient():
    votes = hog_feature(striped(across=False)).reshape(16, 9).sum(axis=0)
    assert votes.argmax() == 4


def test_hog_tells_the_cell_an_edge_is_in():
    picture = np.zeros((3, 32, 32))
    picture[:, 9:15, 18:22] = 200
    votes = hog_feature(picture).reshape(4, 4, 9).sum(axis=2)
    assert np.argwhere(votes > 0).tolist() == [[1, 2]]


def test_hog_is_that_of_the_darker_and_weaker_copy(pictures):
    for picture in pictures:
        assert hog_feature(0.25 * picture + 30) == pytest.approx(hog_feature(picture), abs=1e-3)


def test_hog_is_that_of_the_negative(pictures):
    # Not for stripes: a gradient in exactly one of the directions where 180 meets 0 may fall on either side.
    for picture in pictures:
        assert np.abs(hog_feature(255.0 - picture) - hog_feature(picture)).max() < 0.02


def test_hog_of_nothing_is_nothing():
    assert not hog_feature(of_one_colour(90, 90, 90)).any()


@pytest.mark.parametrize(
    ("rgb", "part"),
    [((255, 0, 0), 0), ((255, 255, 0), 1), ((0, 255, 0), 3), ((0, 255, 255), 5), ((0, 0, 255), 6), ((200, 0, 190), 8)],
)
def test_a_colour_falls_into_its_part_of_the_circle(rgb, part):
    assert color_histogram_hsv(of_one_colour(*rgb)).tolist() == [float(i == part) for i in range(10)]


def test_shares_of_hues_add_up_to_one(pictures):
    for nbin in (3, 10):
        shares = color_histogram_hsv(pictures[0], nbin)
        assert (shares.shape, shares.sum()) == ((nbin,), pytest.approx(1))


def test_hue_differs_from_that_of_hsv_by_a_degree_or_so(pictures):
    colours = pictures[0].reshape(3, -1).T[:200]
    for colour in colours:
        hue, saturation, _ = colorsys.rgb_to_hsv(*colour / 255)
        found = color_histogram_hsv(colour.reshape(3, 1, 1), nbin=360).argmax()
        if saturation > 0:
            assert abs((found + 0.5 - 360 * hue + 180) % 360 - 180) < 2


def test_hues_of_a_darker_copy_are_the_same(pictures):
    for picture in pictures:
        assert np.array_equal(color_histogram_hsv(picture / 2), color_histogram_hsv(picture))


def test_grey_has_hue_zero():
    assert color_histogram_hsv(of_one_colour(77, 77, 77))[0] == 1


def test_features_of_the_functions_stand_side_by_side(pictures):
    features = extract_features(pictures[:3], [color_histogram_hsv, hog_feature])
    assert features.shape == (3, 154)
    assert np.array_equal(features[1], np.append(color_histogram_hsv(pictures[1]), hog_feature(pictures[1])))


def test_progress_is_shown_only_on_request(pictures, capsys):
    extract_features(pictures[:2], [hog_feature])
    assert capsys.readouterr().out == ""
    extract_features(pictures[:2], [hog_feature], verbose=True)
    assert "2/2" in capsys.readouterr().out


def test_normalised_training_features_have_mean_zero_and_standard_deviation_one():
    features = np.random.default_rng(0).normal(3, 5, size=(50, 4))
    rows = normalize_features(features, features.mean(axis=0), features.std(axis=0))
    assert rows[:, :-1].mean(axis=0) == pytest.approx(0)
    assert rows[:, :-1].std(axis=0) == pytest.approx(1)


def test_rows_end_with_a_one():
    assert normalize_features(np.zeros((2, 3)), np.ones(3), np.ones(3)).tolist() == [[-1, -1, -1, 1]] * 2


def test_other_pictures_are_measured_by_the_training_pictures():
    assert normalize_features(np.array([[10.0]]), np.array([4.0]), np.array([3.0]))[0, 0] == 2


def test_a_feature_that_never_changes_is_only_shifted():
    assert normalize_features(np.array([[5.0]]), np.array([5.0]), np.array([0.0]))[0, 0] == 0
