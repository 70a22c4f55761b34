"""Drawn scenes with captions from a small grammar: the offline stand-in for COCO's photographs.

A scene is one object, two different ones beside each other, or several alike, on a plain ground. Five people describe
it: each picks a sentence pattern, words for what there is, and what to leave out. A scene of one number is always the
same.
"""

from dataclasses import dataclass

import numpy as np

SIZE = 48
CAPTIONS_PER_SCENE = 5
SEEDS = {"train": 1, "val": 2}

GROUNDS = {"black": (20, 20, 24), "grey": (120, 120, 124), "white": (238, 238, 234)}
COLOURS = {
    "red": (214, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (240, 205, 40),
    "purple": (140, 50, 170),
    "brown": (130, 80, 40),
}
_RADII = {"small": 5.0, "large": 9.0}
_ROWS = {"top": 11, "middle": 24, "bottom": 37}
_COLUMNS = {"left": 11, "centre": 24, "right": 37}
_WORDS_FOR = {
    "circle": ("circle", "circle", "disc"),
    "large": ("large", "big"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "picture": ("picture", "picture", "image"),
}
_NUMBERS = {2: "two", 3: "three", 4: "four"}
_RARE = ("lonely", "curious", "neat", "floating", "handsome", "modest", "solid", "strange", "pretty", "plain")
_OPPOSITE = {"above": "below", "below": "above", "left": "right", "right": "left"}

# In braces: what a pattern says of the first object and of the second one (with a 2), and of where they are.
_ONE = (
    "a {size} {colour} {shape} in the {place}",
    "a {size} {colour} {shape} on a {ground} background",
    "there is a {colour} {shape} in the {place}",
    "the {picture} shows a {size} {colour} {shape}",
    "a {colour} {shape} on {ground}",
    "one {size} {colour} {shape} near the {place}",
)
_TWO = (
    "a {colour} {shape} {relation} a {colour2} {shape2}",
    "a {size} {colour} {shape} and a {size2} {colour2} {shape2}",
    "a {colour2} {shape2} {opposite} a {colour} {shape}",
    "there is a {colour} {shape} {relation} a {colour2} {shape2}",
    "a {colour} {shape} and a {colour2} {shape2} on a {ground} background",
    "the {colour} {shape} is {relation} the {colour2} {shape2}",
)
_MANY = (
    "{number} {colour} {shapes}",
    "{number} {size} {colour} {shapes} on a {ground} background",
    "there are {number} {colour} {shapes}",
    "a group of {number} {size} {colour} {shapes}",
    "the {picture} shows {number} {colour} {shapes}",
    "{number} {colour} {shapes} on {ground}",
)


@dataclass(frozen=True)
class Thing:
    """One object of a scene; `row` and `column` of its centre in pixels."""

    shape: str
    colour: str
    size: str
    row: float
    column: float


@dataclass(frozen=True)
class Scene:
    """A ground and the things on it. `where` is the place of the only one, or how the first lies to the second."""

    ground: str
    things: tuple[Thing, ...]
    where: str


def scene(split, number):
    """Picture and captions of a scene.

    Parameters
    ----------
    split : {'train', 'val'}
    number : int

    Returns
    -------
    picture : (3, 48, 48) array of uint8
    captions : list of 5 strings
    """
    return draw(np.random.default_rng([SEEDS[split], number]))


def draw(rng):
    """Picture and captions, as `scene` gives them, of a scene drawn at random."""
    composed = _compose(rng)
    return _paint(composed, rng), _describe(composed, rng)


def _compose(rng):
    ground = _one_of(GROUNDS, rng)
    kind = rng.integers(3)
    shape, colour, size = (_one_of(each, rng) for each in (_SHAPES, COLOURS, _RADII))
    if kind == 0:
        up, across = _one_of(_ROWS, rng), _one_of(_COLUMNS, rng)
        where = "middle" if (up, across) == ("middle", "centre") else f"{up} {across}"
        return Scene(ground, (Thing(shape, colour, size, *_near(_ROWS[up], _COLUMNS[across], rng)),), where)
    if kind == 1:
        relation = _one_of(_OPPOSITE, rng)
        shape2 = _one_of([other for other in _SHAPES if other != shape], rng)
        colour2, size2 = _one_of(COLOURS, rng), _one_of(_RADII, rng)
        along = {"above": -12, "below": 12, "left": -12, "right": 12}[relation]
        row, column = (along, 0) if relation in ("above", "below") else (0, along)
        first = Thing(shape, colour, size, *_near(24 + row, 24 + column, rng))
        return Scene(ground, (first, Thing(shape2, colour2, size2, *_near(24 - row, 24 - column, rng))), relation)
    corners = rng.permutation([(12, 12), (12, 36), (36, 12), (36, 36)])[: rng.integers(2, 5)]
    return Scene(ground, tuple(Thing(shape, colour, size, *_near(*corner, rng)) for corner in corners), "")


def _describe(composed, rng):
    patterns = _TWO if composed.where in _OPPOSITE else _ONE if composed.where else _MANY
    chosen = rng.choice(len(patterns), CAPTIONS_PER_SCENE, replace=False)
    return [_caption(patterns[each], composed, rng) for each in chosen]


def _caption(pattern, composed, rng):
    first, last = composed.things[0], composed.things[-1]

    def word(name):
        return _one_of(_WORDS_FOR.get(name, (name,)), rng)

    def beside(relation):
        return word(relation) if relation in ("above", "below") else f"to the {relation} of"

    shape = word(first.shape)
    if "{colour} {shape}" in pattern and rng.random() < 0.02:
        shape = f"{_one_of(_RARE, rng)} {shape}"
    relation = composed.where if composed.where in _OPPOSITE else "above"
    return pattern.format(
        colour=word(first.colour),
        shape=shape,
        shapes=f"{shape}es" if shape.endswith(("s", "x")) else f"{shape}s",
        size=word(first.size),
        colour2=word(last.colour),
        shape2=word(last.shape),
        size2=word(last.size),
        number=_NUMBERS.get(len(composed.things), ""),
        place=composed.where,
        relation=beside(relation),
        opposite=beside(_OPPOSITE[relation]),
        ground=word(composed.ground),
        picture=word("picture"),
    )


def _paint(composed, rng):
    picture = rng.normal(0, 5, (3, SIZE, SIZE)) + _jittered(GROUNDS[composed.ground], 8, rng)
    row, column = np.ogrid[:SIZE, :SIZE]
    for thing in composed.things:
        radius = _RADII[thing.size] * rng.uniform(0.9, 1.15)
        distance = _SHAPES[thing.shape]((column - thing.column) / radius, (row - thing.row) / radius)
        coverage = np.clip(0.5 - distance * radius, 0, 1)
        picture += coverage * (_jittered(COLOURS[thing.colour], 14, rng) - picture)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _jittered(colour, by, rng):
    return (np.array(colour) + rng.uniform(-by, by, 3))[:, np.newaxis, np.newaxis]


def _near(row, column, rng):
    return row + rng.uniform(-2, 2), column + rng.uniform(-2, 2)


def _one_of(names, rng):
    names = list(names)
    return names[rng.integers(len(names))]


# The shapes, as signed distances (negative inside) from their edge in a frame where the shape's radius is 1; u points
# right, v down.


def _square(u, v, half_width=0.85, half_height=0.85):
    return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)


_SHAPES = {
    "circle": lambda u, v: np.hypot(u, v) - 0.95,
    "square": _square,
    "triangle": lambda u, v: np.maximum(0.866 * np.abs(u) - 0.5 * v, v) - 0.5,
    "cross": lambda u, v: np.minimum(_square(u, v, 0.28, 1), _square(u, v, 1, 0.28)),
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.75) - 0.2,
    "star": lambda u, v: 0.6 * (np.hypot(u, v) - 0.66 - 0.27 * np.cos(5 * np.arctan2(u, -v))),
}
