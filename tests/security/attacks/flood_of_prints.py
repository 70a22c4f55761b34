"""Print without end: long lines, short ones, and lines that overwrite themselves.

Family: floods
Must fail: so much is kept of a cell's outputs, and a cell that goes on and on is stopped.
Proof: The output of this cell was cut here
"""

# %% double_forward
for _ in range(4000):
    print("x" * 100_000)

# %% Net
import time

end = time.monotonic() + 2
while time.monotonic() < end:
    print("\r", end="")
    print("\x1b[2J\x08\x08", end="", flush=True)


class Net:
    def __init__(self, size=3):
        for _ in range(1000):
            print("x" * 100_000)
