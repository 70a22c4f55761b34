"""Return things that never end: nested in themselves, infinite iterators, endless attributes, lengths that lie.

Family: floods
Must fail: depth and counts are bounded, and what runs on the other side runs on the student's own time.
Waits: tuning
"""

# %% double_forward
import itertools

print("ATTEMPTED")


class Endless:
    def __getattr__(self, name):
        return Endless()

    def __call__(self, *args, **kwargs):
        return Endless()

    def __iter__(self):
        return itertools.repeat(self)

    def __len__(self):
        return (1 << 63) - 1

    def __getitem__(self, key):
        return [Endless() for _ in range(2000)]


def double_forward(x):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    cycle = [1.0]
    cycle.append(cycle)
    dictionary = {}
    dictionary["self"] = dictionary
    return {1: nested, 3: cycle, 17: dictionary}.get(len(x), itertools.count()), Endless()


Net = best = Endless()
