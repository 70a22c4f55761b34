"""The tiny course with a second notebook, which takes a class from the first."""

from tiny_course import change, write_course

from nnkit.kit.course import load_course

TEMPLATE = """\
# More of it

```python
import numpy as np

from nnkit.student import check, solutions_of
```

```python
first = solutions_of("net")
Net = first.Net
```

```python experiment="wide"
loss_of_wide = None
# TODO: the loss of a net of size 4, on ones.
### BEGIN SOLUTION
loss_of_wide = Net(4).loss(np.ones(4))
### END SOLUTION
```

```python grade="wide" points=2
```

```python experiment="own"
six = None
# TODO: six, without any net.
### BEGIN SOLUTION
six = 6
### END SOLUTION
```

```python grade="own" points=1
```
"""
GRADERS = '''\
"""Graders of the second notebook."""

from nnkit.student.testing import item


@item("wide", public=True)
def test_loss_of_wide(submission):
    assert submission.loss_of_wide == 3


@item("own", public=True)
def test_six(submission):
    assert submission.six == 6
'''


def write_two_notebooks(root):
    """The course of `tiny_course` with the notebooks net and more."""
    write_course(root)
    (root / "source/a1/more.md").write_text(TEMPLATE)
    (root / "tests/graders/a1/test_more.py").write_text(GRADERS)
    change(root, "course.toml", 'notebooks = ["net"]', 'notebooks = ["net", "more"]')
    return load_course(root)
