"""Have tracebacks show the variables of every frame, those below the own code included.

Family: reading
Must fail: the frames below belong to the agent, which holds no secret.
"""

# %% double_forward
%xmode Verbose
import traceback


def everything():
    return "".join(traceback.StackSummary.extract(traceback.walk_stack(None), capture_locals=True).format())


print(everything())


def double_forward(x):
    raise RuntimeError("ATTEMPTED " + everything())


double_forward(1)
