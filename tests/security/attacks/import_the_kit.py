"""Import the grading kit and the graders, by name and by path.

Family: reading
Must fail: the installed nnkit is masked; the one that can be imported is the students' own small library.
"""

# %% double_forward
import importlib
import importlib.util
import sys

sys.path[:0] = ["{COURSE}", "{COURSE}/tests/graders/a1", "{PROJECT}", "{PROJECT}/..", "/opt", "/opt/nnkit"]
for name in ("nnkit.kit", "nnkit.kit.grading.locked_grader", "nnkit.layers", "test_net", "tiny_course", "kit", "layers"):
    try:
        module = importlib.import_module(name)
        print(name, vars(module).get("SECRET"), open(module.__file__).read())
    except Exception as error:
        print(name, error)
for path in ("{COURSE}/tests/graders/a1/test_net.py", "{PROJECT}/kit/cli.py", "{PROJECT}/layers.py"):
    specification = importlib.util.spec_from_file_location("stolen", path)
    try:
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        print(module.SECRET)
    except OSError as error:
        print("ATTEMPTED", error)
