"""Replace the functions with which IPython runs cells, so that the later ones seem to have gone well.

Family: patching
Must fail: a cell that went well earns nothing; only what tests get from calls does.
"""

# %% double_forward
from types import SimpleNamespace

shell = get_ipython()
fine = SimpleNamespace(
    error_before_exec=None, error_in_exec=None, success=True, result=17.0, execution_count=1, raise_error=lambda: None
)


async def run_code(*args, **kwargs):
    return False


def patch():
    shell.run_code = run_code
    shell.run_cell = lambda *args, **kwargs: fine
    shell.should_run_async = lambda *args, **kwargs: False
    print("ATTEMPTED")


# In one statement: each statement of a cell is run by run_code.
patch()
