"""Write what takes long to read for those who show it: nested Markdown, formulas, regular-expression traps, ANSI codes.

Family: floods
Must fail: what a parser would take minutes for is shown as text.
"""

# %% double_forward
from IPython.display import HTML, Latex, Markdown, display

display(HTML("<div>" * 2000), Markdown("> " * 2000 + "`" * 3000), Latex("$" * 4999 + "{" * 5000))
print("\x1b[" + ";1" * 500 + "m" + "\x1b[31m" * 300 + "\r" * 900)
raise RecursionError("ATTEMPTED" + "((((" * 300)

# %% [markdown] zero_why
# **********************************************************************_____________________________________________
# [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[](((((
# $\def\a{\a\a}\a$ $$\begin{matrix}\begin{matrix}\begin{matrix}\begin{matrix}\begin{matrix}\begin{matrix}\begin{matrix}
# >>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>
# - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -
