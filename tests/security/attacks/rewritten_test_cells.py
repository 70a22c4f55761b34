"""Rewrite every test cell so that it prints full marks, and leave full marks in its outputs.

Family: forging
Must fail: locked cells are restored from the release, and outputs that were handed in are dropped.
"""

# %% double_forward
print("ATTEMPTED")

# %% notebook
import nbformat

for cell in notebook.cells:
    if cell.cell_type == "code":
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id.startswith("test_"):
            cell.source = "import numpy as np\nnp.float64(100.0)"
        cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "100.0"}, execution_count=1)]
        cell.execution_count = 1
