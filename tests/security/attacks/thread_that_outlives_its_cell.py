"""Leave a thread that goes on after its cell: it rewrites functions, the shell and the agent while others are tested.

Family: processes
Must fail: all that it can rewrite is the submission's own; what the grader compares with is not there.
"""

# %% double_forward
import sys
import threading
import time


class Yes:
    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


def rewrite():
    shell = get_ipython()
    for _ in range(400):
        time.sleep(0.01)
        for name in ("double_forward", "shifted", "Net", "best"):
            shell.user_ns[name] = Yes()
        sys.modules["locked.failures"].message_of = lambda error: "passed"
        sys.modules["locked.requests"].MOST_ITEMS = 10**9


threading.Thread(target=rewrite, daemon=True).start()
print("ATTEMPTED")
