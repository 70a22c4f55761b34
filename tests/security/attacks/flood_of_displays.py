"""Display without end: new displays, updates of one display, displays of the same name, and clearing them all.

Family: floods
Must fail: a display costs its share of what is kept, an update as much as a new one.
"""

# %% double_forward
import time

from IPython.display import HTML, clear_output, display

print("ATTEMPTED")
end = time.monotonic() + 1.5
while time.monotonic() < end:
    display(HTML("<b>" * 10), display_id="same")
    display(HTML("y" * 1000), display_id="same", update=True)

# %% Net
import time

from IPython.display import clear_output, display

display({"application/json": [[]] * 2000 + [{"a": [[[[[]]]]]}] * 2000}, raw=True)
display({"image/png": b"\x89PNG" * 5_000_000}, raw=True)
end = time.monotonic() + 1.5
while time.monotonic() < end:
    clear_output(wait=True)
    display({"text/plain": ""}, raw=True, display_id=True)
    display({f"x/{number}": "" for number in range(100)}, raw=True)
