"""Ignore every signal and never come to an end.

Family: processes
Must fail: after the interrupt comes a kill, which can't be ignored.
Proof: did not react to an interrupt
"""

# %% double_forward
import signal
import time

for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
signal.signal = lambda *_: None
end = time.monotonic() + 20
while time.monotonic() < end:
    try:
        time.sleep(0.1)
    except KeyboardInterrupt:
        pass
