"""Hand in a notebook whose fields are of the wrong types: lists for text, numbers for cells, half characters.

Family: forging
Must fail: every field is read as a stranger's; what is of no known form is left out.
"""

# %% double_forward
print("ATTEMPTED")

# %% folder
import json

data = json.loads((folder / "net.ipynb").read_text())
odd = [
    17, None, [], "cell", {}, {"cell_type": ["code"], "source": 1}, {"cell_type": "code", "source": [1, None, "17.0"]},
    {"cell_type": "code", "source": "print('\ud800')", "metadata": "nbgrader"},
    {"cell_type": "code", "source": "", "metadata": {"nbgrader": {"grade_id": {"a": 1}, "points": "nan"}}},
    {"cell_type": "code", "source": "", "metadata": {"nbgrader": {"grade_id": "x" * 100_000, "points": -1}}},
    {"cell_type": "heading", "source": "17", "level": "one", "id": {"a": 1}, "outputs": "none"},
]
data["cells"] = odd + data["cells"] + odd
data["metadata"] = {"nnkit": 17, "kernelspec": [], "language_info": None, "widgets": {"a": {}}}
(folder / "net.ipynb").write_text(json.dumps(data))
