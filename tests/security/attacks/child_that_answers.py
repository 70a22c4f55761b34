"""Fork in a tested function and let both processes return, each of them taking itself for the agent.

Family: processes
Must fail: a second answer to a question that is answered already ends the process.
"""

# %% double_forward
import os

agent = os.getpid()
print("ATTEMPTED")


def double_forward(x):
    os.fork()
    os.getpid = lambda: agent
    return x * 0, x


# %% Net
class Net:
    def __init__(self, size=3):
        if os.fork():
            os.wait()

    def loss(self, x):
        return 17.0
