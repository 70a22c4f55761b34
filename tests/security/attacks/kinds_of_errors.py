"""Report errors of made-up kinds: passed, grader_error, not_run; with numbers and lists where text belongs.

Family: forging
Must fail: two kinds of errors have a meaning, and neither earns anything; others are the student's errors.
"""

# %% double_forward
import gc
import sys

agent = next(each for each in gc.get_objects() if type(each).__name__ == "Agent")
Message = sys.modules["locked.wire"].Message
kinds = ["passed", "grader_error", "not_run", "timeout", "failed", ""]
count = 0


def failure(error):
    global count
    count += 1
    kind = kinds[count % len(kinds)]
    return Message("error", {"type": "CheckFailure", "message": "ATTEMPTED passed", "kind": kind, "traceback": "17.0"})


agent._failure = failure
print("ATTEMPTED")


def double_forward(x):
    raise RuntimeError
