"""A course small enough to break in every way: one notebook, two exercises, one of everything else."""

import shutil
from pathlib import Path

import h5py
import numpy as np

from nnkit.kit.course import Course, load_course

SECRET_LOSS = float(0.25 * np.sum(2 * np.sqrt([1.0, 2.0, 3.0]) + 1))

COURSE = """\
id = "tiny"
title = "A tiny course"
seed = "s"

[[assignment]]
name = "a1"
title = "First"
notebooks = ["net"]
due = 2026-05-01T12:00:00
library = ["nnkit.tools", "nnkit.gradient_check"]
[assignment.points]
net = 17
[assignment.late]
percent_per_day = 10

[limits]
cell = { cpu_s = 10, wall_s = 8 }
item = { cpu_s = 10, wall_s = 5 }
notebook = { cpu_s = 60, wall_s = 60 }
"""

LAYERS = '''\
"""Layers."""

import numpy as np


def double_forward(x):
    """Twice x."""
    # TODO: double it.
    ### BEGIN SOLUTION
    out = np.add(x, x) * 1
    ### END SOLUTION
    cache = x
    return out, cache


def shifted(x):
    """One more than twice x."""
    out, cache = double_forward(x)
    return out + 1, cache


class Net:
    """A net of one layer."""

    def __init__(self, size=3):
        # TODO: make the parameters.
        ### BEGIN SOLUTION
        self.w = np.full(size, 0.25)
        ### END SOLUTION

    def loss(self, x):
        # TODO: shift, weigh and add up.
        ### BEGIN SOLUTION
        shifted_x, _ = shifted(x)
        loss = float(np.vdot(shifted_x, self.w))
        ### END SOLUTION
        return loss
'''

TOOLS = '''\
"""Tools that students get."""

import numpy as np


def spread(n):
    return np.linspace(0, 1, n)
'''

TEMPLATE = """\
# A tiny notebook

Some $x$ and more.

```python
%matplotlib inline
import numpy as np

from nnkit.student import check
```

## Doubling

```python exercise="nnkit.layers:double_forward"
```

```python grade="double_forward" points=4
```

Two lines further.


And a second cell of prose.

```python given="nnkit.layers:shifted"
```

```python exercise="nnkit.layers:Net"
```

```python grade="Net" points=6
```

## Tuning

```python experiment="tuning"
best = None
# TODO: find the best size.
### BEGIN SOLUTION
best = max(range(5), key=lambda size: Net(size + 1).loss(np.ones(size + 1)))
### END SOLUTION
```

```python grade="tuning" points=2.5
```

```python
print(best)
```

<!-- #region question="zero" kind="choose" points=1.5 answer="A,C" -->
Which of these are zero?

- **A.** nothing
- **B.** one
- **C.** one minus one
<!-- #endregion -->

<!-- #region question="zero_why" kind="explain" points=3 -->
Why?

### BEGIN SOLUTION
Because emptiness counts as naught.
### END SOLUTION
### BEGIN MARK SCHEME
3 points for the word emptiness.
### END MARK SCHEME
<!-- #endregion -->

Goodbye.
"""

GRADERS = '''\
"""Graders of the tiny notebook. The secret ingredient is random doubling."""

import numpy as np

from nnkit.student.testing import FORWARD, assert_close, item

SIZES = (1, 3)
SECRET_SIZES = (17, 23)


def doubled(submission, sizes):
    """Shared by public and hidden tests."""
    # Sizes come from the caller.
    return [submission.double_forward(np.ones(size))[0] for size in sizes]


def oracle_of_doubling(x):
    return x + x


@item("double_forward", public=True, message="Twice the input.")
def test_double_forward_doubles_ones(submission, expected):
    expected("ones", doubled(submission, SIZES)[1], FORWARD)


# The hidden one uses the secret sizes.
@item("double_forward", weight=2, message="Twice any input.")
def test_double_forward_with_secret_sizes(submission, expected):
    """Secretly larger."""
    assert_close(doubled(submission, SECRET_SIZES)[0], oracle_of_doubling(np.ones(17)), FORWARD, "out")


@item("Net", public=True)
def test_net_has_weights(submission, expected):
    expected("w", submission.Net(3).w, FORWARD)


@item("Net")
def test_net_loss(submission, expected):
    expected("secret_loss", submission.Net(3).loss(np.sqrt([1.0, 2.0, 3.0])), FORWARD)


@item("tuning")
def test_tuning_found_the_best(submission):
    assert submission.best == 4
'''

MISCONCEPTIONS = """\
[[misconception]]
exercise = "double_forward"
name = "tripled"
find = "np.add(x, x) * 1"
replace = "3 * x"
hint = "You multiplied by three."

[[misconception]]
exercise = "Net"
name = "half"
hint = "Half of it is missing."
[[misconception.edit]]
find = "0.25"
replace = "0.125"
[[misconception.edit]]
find = "loss = float("
replace = "loss = 0.5 * float("
"""

FILES = {
    "course.toml": COURSE,
    "nnkit/layers.py": LAYERS,
    "nnkit/tools.py": TOOLS,
    "source/a1/net.md": TEMPLATE,
    "tests/graders/a1/test_net.py": GRADERS,
    "tests/graders/a1/net.misconceptions.toml": MISCONCEPTIONS,
}


def write_course(root: Path) -> Course:
    """Write the tiny course, expected values included, and read it."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with h5py.File(root / "tests/graders/a1/net.h5", "w") as file:
        file.create_dataset("public/double_forward/ones", data=[2.0, 2.0, 2.0], track_times=False)
        file.create_dataset("public/Net/w", data=[0.25, 0.25, 0.25], track_times=False)
        file.create_dataset("hidden/Net/secret_loss", data=SECRET_LOSS, track_times=False)
    return load_course(root)


def copied(course: Course, folder: Path) -> Course:
    """The same course in another folder."""
    shutil.copytree(course.root, folder)
    return load_course(folder)


def change(root: Path, name: str, old: str, new: str) -> None:
    """Replace a text that occurs exactly once in a file of the course."""
    text = (root / name).read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
    (root / name).write_text(text.replace(old, new))
