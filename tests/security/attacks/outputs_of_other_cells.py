"""Report outputs for cells that are not running, of kinds that do not exist, and with numbers for text.

Family: forging
Must fail: outputs count for the cell that runs; a report of another form ends the process.
"""

# %% double_forward
import gc
import json
import sys

agent = next(each for each in gc.get_objects() if type(each).__name__ == "Agent")
Message = sys.modules["locked.wire"].Message
result = {"type": "execute_result", "data": {"text/plain": "4.0"}, "metadata": {}, "execution_count": 1}
print("ATTEMPTED")
agent.events.flush()
for cell in ("test_double_forward", "test_Net", "student-3", "cell-3"):
    agent._post(Message("output", {"cell": cell, "events": json.dumps([result]).encode()}))
agent.events._waiting += [result, {"type": "verdict", "passed": True}, {"type": "display_data", "data": {"a": 17.0}}]
agent.events._waiting += [{"type": "error", "ename": 1, "evalue": ["x"], "traceback": "17.0"}, {"type": None}]
agent.events._waiting_bytes = 1
