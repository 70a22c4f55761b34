"""Figures for the notebooks.

Each function draws one new pyplot figure and returns nothing: a notebook shows it once, at the end of its cell;
elsewhere ``plt.gcf()`` has it. The figures are small, since they are stored in every notebook handed in.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

# Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_GAP = 2  # pixels between pictures of a grid
_MOST_TICKS = 8  # of a scale with a name for each


def show_images(images, labels=None, class_names=None, columns=10, title=None):
    """Show pictures in a grid.

    Parameters
    ----------
    images : (N, 3, H, W) array
        Bytes or numbers from 0 to 255; pictures less their mean are stretched from their lowest to their highest value.
    labels : (N,) sequence, optional
        Written above the pictures; with class_names, integers that index it.
    class_names : sequence of str, optional
    columns : int
    title : str, optional
    """
    images = np.asarray(images)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = 0.62 if labels is None else 0.8
    figure, axes = plt.subplots(
        rows, columns, figsize=(0.62 * columns, height * rows + 0.3), squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(_in_levels(_displayable(image), 16).transpose(1, 2, 0), interpolation="nearest")
        if labels is not None:
            axis.set_title(str(labels[i] if class_names is None else class_names[labels[i]]), fontsize=7, pad=2)
    if title:
        figure.suptitle(title, fontsize=9)


def show_weights(W1, shape=(3, 32, 32), max_pictures=25, title="First-layer weights"):
    """Show first-layer weights as pictures, one per hidden unit, each stretched from its lowest to its highest value.

    Parameters
    ----------
    W1 : (D, H) array
    shape : tuple
        (channels, height, width) of the inputs; their product is D.
    max_pictures : int
        Show so many units, those with the largest weights.
    title : str
    """
    units = np.argsort(-np.linalg.norm(W1, axis=0), kind="stable")[:max_pictures]
    pictures = [_displayable(W1[:, unit].reshape(shape), stretch=True) for unit in units]
    columns = int(np.ceil(np.sqrt(len(pictures))))
    rows = -(-len(pictures) // columns)
    channels, height, width = shape
    grid = np.ones((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, channels))
    for i, picture in enumerate(pictures):
        top, left = (i // columns) * (height + _GAP), (i % columns) * (width + _GAP)
        grid[top : top + height, left : left + width] = _in_levels(picture, 9).transpose(1, 2, 0)
    _, axis = plt.subplots(figsize=(3.6, 3.6 * rows / columns + 0.3), layout="constrained")
    axis.imshow(grid.squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    part = "" if len(pictures) == W1.shape[1] else f" ({len(pictures)} of {W1.shape[1]} units)"
    axis.set_title(f"{title}{part}", fontsize=9)
    axis.axis("off")


def plot_training(solvers):
    """Plot the training loss, and training and validation accuracy, of one or more solvers.

    The loss is a running mean; of a single solver the loss of each step is shown too, pale.

    Parameters
    ----------
    solvers : Solver, or dict of name -> Solver
        Anything with ``loss_history``, ``train_acc_history`` and ``val_acc_history``.
    """
    runs = solvers if isinstance(solvers, dict) else {"": solvers}
    height = 2.8 + 0.2 * -(-len(runs) // 3) if any(runs) else 2.8
    figure, (loss_axis, accuracy_axis) = plt.subplots(1, 2, figsize=(8, height), layout="constrained")
    for i, (name, solver) in enumerate(runs.items()):
        colour = COLOURS[i % len(COLOURS)]
        losses = np.asarray(solver.loss_history, dtype=float)
        if len(runs) == 1:
            loss_axis.plot(losses, color=colour, alpha=0.25, linewidth=0.5)
        width = max(len(losses) // 30, 1)
        smooth = np.convolve(losses, np.ones(width) / width, mode="valid") if len(losses) else losses  # before training
        loss_axis.plot(np.arange(len(smooth)) + width // 2, smooth, color=colour, label=name or None)
        # In the legend once: what is dashed and what is not is the same for every run.
        training, validation = (None, None) if i else ("training", "validation")
        accuracy_axis.plot(solver.train_acc_history, "o--", color=colour, markersize=3, label=training)
        other = colour if name else COLOURS[1]
        accuracy_axis.plot(solver.val_acc_history, "s-", color=other, markersize=3, label=validation)
    pale = "pale: each step, line: running mean" if len(runs) == 1 else "running mean"
    loss_axis.set(xlabel="step", ylabel="minibatch loss", title=f"Loss ({pale})")
    accuracy_axis.set(xlabel="epoch", ylabel="accuracy", title="Accuracy")
    accuracy_axis.xaxis.get_major_locator().set_params(integer=True)
    accuracy_axis.legend(fontsize=7, loc="upper left")
    if any(runs):
        figure.legend(*loss_axis.get_legend_handles_labels(), fontsize=8, loc="outside lower center", ncols=3)
    for axis in (loss_axis, accuracy_axis):
        axis.title.set_fontsize(9)
        axis.grid(alpha=0.3)


def show_gradient_disagreement(analytic, numeric, allowed=1e-6, name="gradient"):
    """Show entry by entry where a gradient disagrees with the numerical one.

    The colour is the relative error ``|a - n| / max(1e-8, |a| + |n|)``; a red cross marks an entry above `allowed`.

    Parameters
    ----------
    analytic, numeric : arrays of one shape
        Arrays of three or more axes are shown flattened to ``(len, -1)``.
    allowed : float
        Largest relative error that is no mistake.
    name : str
        What the gradient is called in the title, such as ``dw``.
    """
    analytic, numeric = np.asarray(analytic), np.asarray(numeric)
    if analytic.shape != numeric.shape:
        raise ValueError(f"{name}: the gradient has shape {analytic.shape}, the numerical one {numeric.shape}")
    errors = np.abs(analytic - numeric) / np.maximum(1e-8, np.abs(analytic) + np.abs(numeric))
    errors = errors.reshape(1, -1) if errors.ndim < 2 else errors.reshape(len(errors), -1)
    wrong = ~(errors <= allowed)  # a NaN is wrong too
    rows, columns = errors.shape
    figure, axis = plt.subplots(figsize=(5, float(np.clip(5 * rows / columns, 0.7, 3.5)) + 0.8), layout="constrained")
    shown = np.clip(np.nan_to_num(errors, nan=1.0), 1e-12, 1)
    picture = axis.imshow(shown, cmap="cividis", norm=LogNorm(1e-12, 1), aspect="auto", interpolation="nearest")
    figure.colorbar(picture, ax=axis, label="relative error")
    if wrong.any():
        size = float(np.clip(120 / max(rows, columns), 1, 8))
        axis.plot(*np.nonzero(wrong)[::-1], "x", color="#FF3B30", markersize=size)
    axis.set(xlabel="column" if rows > 1 else "entry", ylabel="row" if rows > 1 else "")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.yaxis.get_major_locator().set_params(integer=True)
    if rows == 1:
        axis.set_yticks([])
    axis.set_title(f"{name}: {wrong.sum()} of {wrong.size} entries above {allowed:g}", fontsize=9)


def show_samples_per_class(images, labels, class_names, per_class=5, title="The first pictures of each class"):
    """Show the first pictures of every class, one class in each column, under its name.

    Parameters
    ----------
    images : (N, 3, H, W) array
        As for `show_images`.
    labels : (N,) array of integers
        Places in class_names.
    class_names : sequence of str
    per_class : int
        How many pictures of each; fewer where there are no more.
    title : str
    """
    images, labels = np.asarray(images), np.asarray(labels)
    height, width = images.shape[2:]
    columns = len(class_names)
    grid = np.ones((per_class * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3))
    for column in range(columns):
        for row, image in enumerate(images[labels == column][:per_class]):
            top, left = row * (height + _GAP), column * (width + _GAP)
            picture = _in_levels(_displayable(image), 9).transpose(1, 2, 0)
            grid[top : top + height, left : left + width] = picture
    _, axis = plt.subplots(figsize=(0.6 * columns, 0.6 * per_class + 0.4), layout="constrained")
    axis.imshow(grid, interpolation="nearest")
    axis.set_xticks((width - 1) / 2 + (width + _GAP) * np.arange(columns), class_names, fontsize=7)
    axis.set_yticks([])
    axis.tick_params(length=0, labeltop=True, labelbottom=False)
    axis.spines[:].set_visible(False)
    axis.set_title(title, fontsize=9)


def show_distances(dists, title="Distances"):
    """Show a matrix of distances as a picture in 16 shades: the brighter, the farther.

    Parameters
    ----------
    dists : (num_test, num_train) array
    title : str
    """
    dists = np.asarray(dists, dtype=float)
    rows, columns = dists.shape
    low, spread = dists.min(), np.ptp(dists)
    shown = low + spread * _in_levels(_displayable(dists, stretch=True), 16)
    height = float(np.clip(7 * rows / columns, 1, 3.5)) + 0.7
    figure, axis = plt.subplots(figsize=(7, height), layout="constrained")
    picture = axis.imshow(shown, cmap="gray", aspect="auto", interpolation="nearest")
    figure.colorbar(picture, ax=axis, label="distance")
    axis.set(xlabel="training image", ylabel="test image")
    axis.set_title(title, fontsize=9)


def plot_cross_validation(k_to_accuracies, best_k=None):
    """Plot accuracies over the number of neighbours: each fold a dot, mean and standard deviation a line with bars.

    Parameters
    ----------
    k_to_accuracies : dict of int -> sequence of float
        For each k the accuracy on every fold.
    best_k : int, optional
        Marked where it is one of the k.
    """
    ks = sorted(k_to_accuracies)
    accuracies = [np.asarray(k_to_accuracies[k], dtype=float) for k in ks]
    _, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for k, values in zip(ks, accuracies, strict=True):
        axis.plot(np.full(len(values), k), values, ".", color=COLOURS[0], alpha=0.35)
    means, deviations = [values.mean() for values in accuracies], [values.std() for values in accuracies]
    axis.errorbar(ks, means, yerr=deviations, color=COLOURS[0], capsize=3, label="mean and standard deviation")
    if best_k in k_to_accuracies:
        axis.axvline(best_k, color=COLOURS[1], linestyle="--", label=f"best_k = {best_k}")
    axis.set_xscale("log")
    axis.set_xticks(ks, [str(k) for k in ks], fontsize=7)
    axis.minorticks_off()
    axis.set(xlabel="k, the number of neighbours (logarithmic)", ylabel="accuracy")
    axis.set_title("Cross-validation: each dot is one fold", fontsize=9)
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def _in_levels(image, levels):
    """The picture in few levels of brightness: it looks the same, and the stored figure is half as large."""
    return np.round(image * (levels - 1)) / (levels - 1)


def _displayable(image, stretch=False):
    """A picture as numbers from 0 to 1."""
    image = np.asarray(image, dtype=float)
    low, high = image.min(), image.max()
    if stretch or low < 0 or high > 255:
        return (image - low) / (high - low) if high > low else np.full_like(image, 0.5)
    return image / 255


def plot_losses(loss_history, title="Loss of each minibatch"):
    """Plot the loss of every step, pale, and its running mean.

    Parameters
    ----------
    loss_history : sequence of numbers
    title : str
    """
    losses = np.asarray(loss_history, dtype=float)
    width = max(len(losses) // 30, 1)
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid") if len(losses) else losses
    _, axis = plt.subplots(figsize=(5, 2.8), layout="constrained")
    axis.plot(losses, color=COLOURS[0], alpha=0.3, linewidth=0.5, label="each step")
    axis.plot(np.arange(len(smooth)) + width // 2, smooth, color=COLOURS[0], label="running mean")
    axis.set(xlabel="step", ylabel="loss")
    axis.set_title(title, fontsize=9)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)


def plot_grid(results):
    """Plot the accuracies of a grid search over learning rate and regularisation strength, as two scatter plots.

    Parameters
    ----------
    results : dict
        ``(learning_rate, reg) -> (training accuracy, validation accuracy)``, rates and strengths above zero.
    """
    rates, strengths = np.array(list(results), dtype=float).reshape(-1, 2).T
    accuracies = np.array(list(results.values()), dtype=float).reshape(-1, 2)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharex=True, sharey=True, layout="constrained")
    low, high = (accuracies.min(), accuracies.max()) if len(accuracies) else (0, 1)
    for axis, values, name in zip(axes, accuracies.T, ("training", "validation"), strict=True):
        dots = axis.scatter(
            rates, strengths, c=values, s=160, cmap="cividis", vmin=low, vmax=high, edgecolors="black", linewidths=0.5
        )
        for rate, strength, value in zip(rates, strengths, values, strict=True):
            axis.annotate(
                f"{value:.2f}", (rate, strength), (0, 10), textcoords="offset points", ha="center", fontsize=7
            )
        axis.set(xscale="log", yscale="log", xlabel="learning rate")
        axis.set_title(f"Accuracy on {name} images", fontsize=9)
        axis.margins(0.15)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("regularisation strength")
    for ruler, tried in ((axes[0].xaxis, np.unique(rates)), (axes[0].yaxis, np.unique(strengths))):
        if 0 < len(tried) <= _MOST_TICKS:  # the values that were tried say more than powers of ten
            ruler.set_ticks(tried, [f"{value:.3g}" for value in tried])
            ruler.set_ticks([], minor=True)
    axes[0].tick_params("x", rotation=30)
    axes[1].tick_params("x", rotation=30)
    figure.colorbar(dots, ax=axes, label="accuracy")


def show_templates(W, class_names, shape=(3, 32, 32)):
    """Show the weights of a linear classifier as one picture per class, each stretched from its lowest to its highest.

    Parameters
    ----------
    W : (D, C) or (D + 1, C) array
        A last row beyond the pixels holds the biases and is left out.
    class_names : sequence of C strings
    shape : tuple
        (channels, height, width) of the pictures; their product is D.
    """
    rows = -(-W.shape[1] // 5)
    figure, axes = plt.subplots(rows, 5, figsize=(6.5, 1.45 * rows + 0.3), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, weights, name in zip(axes.flat, W[: np.prod(shape)].T, class_names, strict=False):
        picture = _in_levels(_displayable(weights.reshape(shape), stretch=True), 9)
        axis.imshow(picture.transpose(1, 2, 0), interpolation="nearest")
        axis.set_title(str(name), fontsize=8, pad=2)
    figure.suptitle("Weights of each class", fontsize=9)
