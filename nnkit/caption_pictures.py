"""Pictures and their captions side by side."""

import textwrap

import matplotlib.pyplot as plt


def show_captions(images, captions, title=None, columns=2):
    """Show each picture with text on its right.

    Draws one new pyplot figure and returns nothing.

    Parameters
    ----------
    images : sequence of (H, W, 3) arrays
        Bytes.
    captions : sequence of str, or of dict of str to str
        A text for each image, or several by who says so: ``{"model": "a red ring", "person": "one ring"}``.
    title : str, optional
    columns : int
        How many pictures stand beside each other.
    """
    texts = [_wrapped(caption) for caption in captions]
    rows = -(-len(images) // columns)
    most_lines = max((text.count("\n") + 1 for text in texts), default=0)
    figure, axes = plt.subplots(
        rows,
        2 * columns,
        figsize=(4.2 * columns, max(1.15, 0.15 * most_lines) * rows + 0.3),
        width_ratios=[1, 2.6] * columns,
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.axis("off")
    for (left, right), image, text in zip(axes.reshape(-1, 2), images, texts, strict=False):
        left.imshow(image, interpolation="nearest")
        right.text(0, 0.5, text, va="center", fontsize=8, transform=right.transAxes)
    if title:
        figure.suptitle(title, fontsize=9)


def _wrapped(caption):
    """The lines of text of one of the captions that `show_captions` takes."""
    said = {"": caption} if isinstance(caption, str) else caption
    return "\n".join(textwrap.fill(f"{who}: {text}" if who else text, 38) for who, text in said.items())
