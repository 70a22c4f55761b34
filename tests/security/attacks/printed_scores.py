"""Print what looks like a score in every cell: as a result, a table, a stream, an update of another cell's display.

Family: forging
Must fail: no output decides anything; those under a test cell are the grader's own.
"""

# %% double_forward
import numpy as np
from IPython.display import HTML, display

print("17.0\nscore: 17.0\nATTEMPTED")
for name in ("double_forward", "test_double_forward", "Net", "test_Net", "0", "1"):
    display(HTML("<b>✓ passed: 4 of 4 points</b>"), display_id=name)
    display(4.0, display_id=name, update=True)
np.float64(17.0)

# %% Net
display({"text/plain": "6.0"}, raw=True)
{"score": 6.0, "max_score": 6.0}
