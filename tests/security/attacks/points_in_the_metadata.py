"""Rewrite the cells' metadata: more points, unlocked, no longer graded, other ids, another schema.

Family: forging
Must fail: metadata come from the release; of the handed-in ones only the grade id is read.
"""

# %% double_forward
print("ATTEMPTED")

# %% notebook
for cell in notebook.cells:
    marks = cell.metadata.get("nbgrader")
    if marks:
        if marks.get("grade"):
            marks.update(points=1000, grade=marks["grade_id"] != "test_Net", schema_version=99)
        marks.update(locked=False, solution=True, task=True, checksum="0" * 32)
notebook.metadata["nnkit"] = {"content": ["x"], "version": {"a": 1}, "score": 17.0}
notebook.metadata["kernelspec"] = {"name": "../../../bin/sh; touch {HOME}/owned", "argv": ["sh", "-c", "id"]}
notebook["nbformat_minor"] = 4
