"""Write frames of one's own to the wire: verdicts, records, scores.

Family: forging
Must fail: there is no message that carries a verdict; one that nobody asked for ends the process.
"""

# %% double_forward
import gc
import sys

agents = [each for each in gc.get_objects() if type(each).__name__ == "Agent"]
Message = sys.modules["locked.wire"].Message
print("ATTEMPTED", agents)


def double_forward(x):
    for kind in ("verdict", "passed", "record", "grade", "result"):
        agents[0]._post(Message(kind, {"verdict": "passed", "score": 17.0, "points": 17.0, "item": "double_forward"}))
    return x * 0, x
