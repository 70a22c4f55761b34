import io
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from nnkit.data.shapes import CLASS_NAMES, draw
from nnkit.student.pictures import plot_training, show_gradient_disagreement, show_images, show_weights

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
