"""Hide every error: showtraceback, custom handlers, excepthook.

Family: patching
Must fail: an error that nobody sees is still no right answer.
"""

# %% double_forward
import sys

shell = get_ipython()
shell._showtraceback = shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: None)
sys.excepthook = lambda *args: None
sys.unraisablehook = lambda *args: None
print("ATTEMPTED")

# %% Net
raise SystemExit(0)
