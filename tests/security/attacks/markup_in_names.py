"""Name classes, functions, parameters and exceptions so that whoever shows the names shows markup.

Family: html
Must fail: names and messages are text in every table and page.
"""

# %% double_forward
MARKUP = "<script>document.title='pwned'</script><img src=x onerror=alert(1)>\"' onclick='alert(1)"
Named = type(MARKUP, (Exception,), {"__module__": MARKUP, "__qualname__": MARKUP, "__doc__": MARKUP})


def double_forward(x):
    raise Named("ATTEMPTED " + MARKUP)


double_forward.__name__ = double_forward.__qualname__ = MARKUP

# %% Net
import warnings

code = "def broken(self, size=3):\n    raise ValueError('ATTEMPTED " + MARKUP.replace("'", "\\'") + "')"
spaces = {}
exec(compile(code, MARKUP, "exec"), spaces)
Net = type(MARKUP, (), {"__init__": spaces["broken"], "loss": spaces["broken"]})
warnings.warn(MARKUP)
print("ATTEMPTED", MARKUP)
display(type(MARKUP, (float,), {"__repr__": lambda self: MARKUP, "_repr_html_": lambda self: MARKUP})())
error = Named(MARKUP)
error.add_note(MARKUP)
raise error
