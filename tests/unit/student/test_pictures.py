import io
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from nnkit.data.shapes import CLASS_NAMES, draw
from nnkit.student.pictures import (
    plot_cross_validation,
    plot_grid,
    plot_losses,
    plot_training,
    show_distances,
    show_gradient_disagreement,
    show_images,
    show_samples_per_class,
    show_templates,
    show_weights,
)

LARGEST_PNG = 60_000  # bytes; figures are stored in every notebook handed in


@pytest.fixture(autouse=True)
def no_figures_left():
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def png_size():
    """Bytes of the figure as a notebook stores it."""
    buffer = io.BytesIO()
    plt.gcf().savefig(buffer, dpi=72, bbox_inches="tight")
    return buffer.tell()


def solver_like(rng, epochs=5):
    return SimpleNamespace(
        loss_history=list(np.exp(-np.linspace(0, 2, 300)) + 0.1 * rng.random(300)),
        train_acc_history=list(np.linspace(0.1, 0.6, epochs + 1)),
        val_acc_history=list(np.linspace(0.1, 0.5, epochs + 1)),
    )


def test_each_picture_is_drawn_as_one_figure_that_is_not_returned(rng):
    images, labels = draw(4, seed=1)
    results = [
        show_images(images, labels, CLASS_NAMES),
        show_weights(rng.standard_normal((3072, 4))),
        plot_training(solver_like(rng)),
        show_gradient_disagreement(np.ones(3), np.ones(3)),
    ]
    assert results == [None] * 4
    assert len(plt.get_fignums()) == 4


def test_images_carry_their_class_names():
    images, labels = draw(4, seed=1)
    show_images(images, labels, CLASS_NAMES)
    assert [axis.get_title() for axis in plt.gcf().axes] == [CLASS_NAMES[label] for label in labels]


def test_images_less_their_mean_are_stretched_to_what_can_be_shown():
    images, _ = draw(2, seed=1)
    show_images(images - images.mean(axis=0))
    shown = plt.gcf().axes[0].images[0].get_array()
    assert (shown.min(), shown.max()) == (0, 1)


def test_twenty_images_make_a_small_file():
    images, labels = draw(20, seed=1)
    show_images(images, labels, CLASS_NAMES)
    assert png_size() < LARGEST_PNG


def test_weights_of_noise_make_a_small_file(rng):
    show_weights(rng.standard_normal((3072, 100)))
    assert png_size() < LARGEST_PNG


def test_grey_weights_are_shown_too(rng):
    show_weights(rng.standard_normal((16, 3)), shape=(1, 4, 4))
    assert plt.gcf().axes[0].images[0].get_array().ndim == 2


@pytest.mark.parametrize(("units", "title"), [(9, "Filters"), (30, "Filters (25 of 30 units)")])
def test_weights_are_counted_where_some_are_left_out(rng, units, title):
    show_weights(rng.standard_normal((16, units)), shape=(1, 4, 4), title="Filters")
    assert plt.gcf().axes[0].get_title() == title


def test_training_of_several_solvers_is_named_in_one_legend_below(rng):
    plot_training({"slow": solver_like(rng), "fast": solver_like(rng)})
    (legend,) = plt.gcf().legends
    assert [text.get_text() for text in legend.get_texts()] == ["slow", "fast"]


def test_the_legend_of_the_accuracies_says_once_what_is_dashed(rng):
    plot_training({"slow": solver_like(rng), "fast": solver_like(rng)})
    legend = plt.gcf().axes[1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]


@pytest.mark.parametrize("names", [("slow",), ("slow", "fast")])
def test_the_loss_of_each_step_is_shown_of_a_single_solver_only(rng, names):
    plot_training({name: solver_like(rng) for name in names})
    assert len(plt.gcf().axes[0].lines) == 2


def test_a_solver_that_was_not_trained_has_no_curve(rng):
    solver = solver_like(rng)
    solver.loss_history, solver.train_acc_history, solver.val_acc_history = [], [], []
    plot_training({"untrained": solver})
    assert all(len(line.get_xdata()) == 0 for axis in plt.gcf().axes for line in axis.lines)


def test_entries_that_disagree_are_counted(rng):
    numeric = rng.standard_normal((4, 5))
    analytic = numeric.copy()
    analytic[1] *= 2
    show_gradient_disagreement(analytic, numeric, name="dw")
    assert plt.gcf().axes[0].get_title() == "dw: 5 of 20 entries above 1e-06"


def test_a_nan_disagrees():
    show_gradient_disagreement(np.array([np.nan, 1.0]), np.ones(2))
    assert "1 of 2" in plt.gcf().axes[0].get_title()


def test_gradients_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"db: the gradient has shape \(3, 1\)"):
        show_gradient_disagreement(np.ones((3, 1)), np.ones(3), name="db")


def test_samples_stand_in_the_column_of_their_class():
    images = np.zeros((4, 3, 8, 8))
    images[1] = images[3] = 255
    show_samples_per_class(images, np.array([0, 1, 0, 1]), ["dark", "bright"], per_class=3)
    axis = plt.gcf().axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["dark", "bright"]
    grid = axis.images[0].get_array()
    assert (grid[:18, :8] == 0).sum() == 2 * 8 * 8 * 3
    assert (grid[:, 10:] == 1).all()


def test_a_class_with_few_pictures_leaves_its_column_blank_below():
    show_samples_per_class(np.zeros((1, 3, 8, 8)), np.array([0]), ["one", "none"], per_class=2)
    grid = plt.gcf().axes[0].images[0].get_array()
    assert (grid == 0).all(axis=2).sum() == 8 * 8


def test_samples_of_all_classes_make_a_small_file():
    images, labels = draw(200, seed=1)
    show_samples_per_class(images, labels, CLASS_NAMES)
    assert png_size() < 2 * LARGEST_PNG


def test_distances_are_shown_in_shades_close_to_their_values(rng):
    dists = 7 + 3 * rng.random((5, 20))
    show_distances(dists, "Far and near")
    axis = plt.gcf().axes[0]
    assert axis.get_title() == "Far and near"
    assert np.abs(axis.images[0].get_array() - dists).max() <= np.ptp(dists) / 30 * 1.001


def test_a_matrix_of_many_distances_makes_a_small_file(rng):
    show_distances(rng.normal(size=(250, 500)))
    assert png_size() < 2 * LARGEST_PNG


def test_equal_distances_can_be_shown():
    show_distances(np.full((3, 4), 2.5))
    assert np.isfinite(plt.gcf().axes[0].images[0].get_array()).all()


def test_cross_validation_shows_each_fold_the_means_and_the_choice():
    plot_cross_validation({10: [0.3, 0.5], 1: [0.1, 0.3]}, best_k=10)
    axis = plt.gcf().axes[0]
    dots = [line for line in axis.lines if line.get_marker() == "."]
    assert [list(line.get_ydata()) for line in dots] == [[0.1, 0.3], [0.3, 0.5]]
    means = axis.containers[0].lines[0]
    np.testing.assert_allclose(means.get_xydata(), [[1, 0.2], [10, 0.4]])
    assert "best_k = 10" in [text.get_text() for text in axis.get_legend().get_texts()]


def test_cross_validation_without_a_choice_marks_none():
    plot_cross_validation({1: [0.1, 0.3], 3: [0.2]})
    assert len(plt.gcf().axes[0].get_legend().get_texts()) == 1


def test_the_losses_of_every_step_and_their_mean_are_plotted(rng):
    plot_losses(list(rng.random(90)), title="a training")
    (axis,) = plt.gcf().axes
    assert [len(line.get_ydata()) for line in axis.lines] == [90, 88]
    assert (axis.get_title(), axis.get_xlabel(), axis.get_ylabel()) == ("a training", "step", "loss")
    assert png_size() < LARGEST_PNG


def test_a_history_without_steps_is_plotted_empty():
    plot_losses([])
    assert all(len(line.get_ydata()) == 0 for line in plt.gcf().axes[0].lines)


def test_a_grid_has_a_dot_for_each_setting_in_both_plots():
    results = {(1e-7, 1e3): (0.5, 0.4), (1e-6, 1e3): (0.3, 0.2), (1e-6, 1e4): (0.9, 0.1)}
    plot_grid(results)
    for axis, which in zip(plt.gcf().axes[:2], (0, 1), strict=True):
        (dots,) = axis.collections
        assert [tuple(place) for place in dots.get_offsets()] == list(results)
        assert list(dots.get_array()) == [pair[which] for pair in results.values()]
        assert dots.get_clim() == (0.1, 0.9)  # one scale of colours for both
        assert axis.get_xscale() == axis.get_yscale() == "log"
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["1e-07", "1e-06"]
    assert png_size() < LARGEST_PNG


def test_a_grid_without_settings_is_plotted_empty():
    plot_grid({})
    assert len(plt.gcf().axes) == 3


@pytest.mark.parametrize("rows", [3072, 3073])
def test_there_is_a_template_for_each_class_and_none_of_the_biases(rng, rows):
    W = rng.normal(size=(rows, 10))
    W[3072:] = 1e6
    show_templates(W, CLASS_NAMES)
    axes = plt.gcf().axes
    assert [axis.get_title() for axis in axes] == list(CLASS_NAMES)
    for axis in axes:
        (shown,) = axis.images
        assert shown.get_array().max() > 0.9
        assert shown.get_array().std() > 0.05
    assert png_size() < LARGEST_PNG
