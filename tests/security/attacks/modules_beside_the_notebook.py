"""Hand in Python files beside the notebook whose names the grader imports, and a conftest.py.

Family: patching
Must fail: nothing of a submission but the notebook is read, and its folder is on nobody's path.
"""

# %% double_forward
import os

print("ATTEMPTED", os.listdir("."))

# %% folder
code = "open('{TMP}/tmp/owned', 'a').write(__name__)\nopen('{HOME}/owned', 'a').write(__name__)\n"
for name in ("conftest", "sitecustomize", "usercustomize", "numpy", "json", "pytest", "test_net", "nbgrader_config"):
    (folder / f"{name}.py").write_text(code)
(folder / "nnkit").mkdir()
(folder / "nnkit" / "__init__.py").write_text(code)
(folder / "pytest.ini").write_text("[pytest]\naddopts = -p owned\n")
(folder / "course.toml").write_text("id = 1\n")
