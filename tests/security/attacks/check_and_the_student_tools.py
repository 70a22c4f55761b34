"""Replace check() and the students' copy of the test tools, so that they say that everything has passed.

Family: patching
Must fail: the copy beside the notebook is for the student's own machine; the grader uses its own.
"""

# %% double_forward
import nnkit.student
import nnkit.student.check as checking

for name in dir(nnkit.student):
    module = getattr(nnkit.student, name)
    for attribute in ("assert_close", "assert_equal", "judge", "measurements", "run_graders", "TestResult"):
        if hasattr(module, attribute):
            setattr(module, attribute, lambda *args, **kwargs: "passed")


def check(*args, **kwargs):
    print("all tests passed", 17.0)
    return 17.0


nnkit.student.check = check
print(check("double_forward"), "ATTEMPTED", checking)


def double_forward(x):
    return x * 0, x
