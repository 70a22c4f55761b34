"""Make every cell's result full marks: sys.displayhook, the shell's display hook, the formatters.

Family: patching
Must fail: scores come from the record; the outputs under a test cell are replaced by the grader's.
"""

# %% double_forward
import sys

from IPython.display import display

shell = get_ipython()
sys.displayhook = lambda value: print("17.0")
shell.displayhook.write_format_data = lambda *args: shell.display_pub.publish({"text/plain": "17.0"})
shell.display_formatter.format = lambda *args, **kwargs: ({"text/plain": "17.0"}, {})
shell.displayhook.compute_format_data = lambda result: ({"text/plain": "17.0"}, {})
display(0)
print("ATTEMPTED")
17.0
