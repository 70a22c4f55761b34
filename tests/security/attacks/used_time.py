"""Report CPU seconds that are negative, infinite, no numbers; and execution counts of odd kinds.

Family: forging
Must fail: such figures are dropped; they are no part of a mark.
"""

# %% double_forward
import gc
import sys

agent = next(each for each in gc.get_objects() if type(each).__name__ == "Agent")
module = sys.modules["locked.agent"]
figures = iter([float("inf"), float("nan"), -1e300, 1e308, True, None, 10**70, "17"] * 100)
module._cpu_seconds = lambda: next(figures)
agent.notebook.run_cell = lambda source: (True, 10**60)
print("ATTEMPTED")
