"""Return ever more objects that the grader can only know by number, thousands with each answer.

Family: floods
Must fail: the objects are the locked process's; outside a number is kept, and what one answer may hold is bounded.
"""

# %% double_forward
print("ATTEMPTED")


class Thing:
    @property
    def w(self):
        return [tuple(Thing() for _ in range(100)) for _ in range(5000)]

    loss = shape = dtype = __array__ = w


def double_forward(x):
    return tuple(Thing() for _ in range(200_000))


def Net(size=3):
    return Thing()
