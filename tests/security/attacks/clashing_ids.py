"""Use ids and names that the page's own scripts and links look for: score boxes, comments, globals, forms.

Family: html
Must fail: ids of what a stranger wrote get a prefix of their own, and names are dropped.
"""

# %% double_forward
from IPython.display import HTML, display

names = [
    "test_double_forward", "test_Net", "zero_why", "score", "comment", "toc", "toc_container", "notebook", "top", "statusmessage",
    "submission_id", "base_url", "MathJax", "require", "jQuery", "$", "location", "document", "cookie", "forms", "body",
]  # fmt: skip
for name in names:
    display(HTML(f'<a id="{name}" name="{name}" href="#{name}">x</a><img name="{name}" id="{name}"><label for="{name}">x</label>'))
    display(HTML(f'<form id="{name}"><input class="score" id="{name}" name="{name}" value="17"></form><map name="{name}">'))
    display(HTML(f'<textarea id="{name}" class="comment" data-toggle="x" data-cell="{name}">17</textarea><slot name="{name}">'))
print("ATTEMPTED")

# %% [markdown] zero_why
# # test_double_forward
#
# # statusmessage
#
# <p id="zero_why" class="score btn" name="score" data-toggle="tooltip" aria-describedby="score">Because of #score</p>
