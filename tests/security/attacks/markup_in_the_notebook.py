"""Hand in metadata that pages use: the title, the language, widgets' state, tags, attachments, outputs, cell ids.

Family: html
Must fail: the page is made from the release's metadata and the cells' cleaned content.
"""

# %% double_forward
print("ATTEMPTED")

# %% notebook
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

MARKUP = "</script></title><script>document.title='pwned'</script><img src=x onerror=alert(1)>"
STATE = "application/vnd.jupyter.widget-state+json"
notebook.metadata.update(
    title=MARKUP,
    authors=[{"name": MARKUP}],
    language_info={"name": f'x"><{MARKUP}', "pygments_lexer": f'x"><{MARKUP}', "mimetype": MARKUP, "codemirror_mode": MARKUP},
    widgets={STATE: {"state": {"a": {"x": MARKUP}}, "version_major": 2, "version_minor": 0}},
)
added = [
    new_raw_cell(MARKUP, metadata={"raw_mimetype": "text/html", "format": "text/html"}),
    new_code_cell(f"%%html\n{MARKUP}"),
    new_code_cell("%%javascript\ndocument.title='pwned'", metadata={"tags": [f'"><{MARKUP}'], "magics_language": MARKUP}),
    new_markdown_cell("![a](attachment:a) ![b](attachment:b)", attachments={"a": {"image/svg+xml": f'"><{MARKUP}'}}),
    new_code_cell("None", outputs=[new_output("display_data", {"text/html": MARKUP})]),
    new_markdown_cell(MARKUP, metadata={"slideshow": {"slide_type": MARKUP}, "jupyter": {"source_hidden": MARKUP}}),
]
added[0].id = 'x" onclick="alert(1)'
for cell in notebook.cells:
    cell.metadata["name"] = cell.metadata["collapsed"] = MARKUP
notebook.cells[3:3] = added[:3]
notebook.cells += added[3:]
