"""Carry what can be seen on hidden inputs out in the message of an exception, at its greatest length.

Family: reading
Must fail: of an exception on hidden inputs only the type is shown, and the inputs are no secret of the course.
Proof: ATTEMPTED
"""

# %% double_forward
import os
import traceback


def double_forward(x):
    raise ValueError("ATTEMPTED " + repr((x.tolist(), dict(os.environ), traceback.format_stack())) * 50)
