"""Hand in cells twice, with each other's ids, and test cells as cells to be written in.

Family: forging
Must fail: of two cells with one id the first counts; an open cell's text runs as code and is never a test.
"""

# %% double_forward
print("ATTEMPTED")

# %% notebook
import copy

by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
for name in ("test_double_forward", "test_Net", "test_zero"):
    for place in (0, len(notebook.cells)):
        again = copy.deepcopy(by_id[name])
        again.source, again.id = "17.0", f"again-{place}-{name}"
        again.metadata["nbgrader"].update(solution=True, locked=False)
        notebook.cells.insert(place, again)
by_id["double_forward"].metadata["nbgrader"]["grade_id"], by_id["tuning"].metadata["nbgrader"]["grade_id"] = (
    "tuning",
    "double_forward",
)
by_id["test_tuning"].metadata["nbgrader"]["grade_id"] = "test_unknown"
by_id["Net"].cell_type = "raw"
by_id["Net"].pop("outputs", None)
by_id["Net"].pop("execution_count", None)
