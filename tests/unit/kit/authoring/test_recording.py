"""Expected outputs: missing, stale and superfluous ones are told with the command that mends them."""

import h5py
import pytest
from tiny_course import change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.recording import record_expected, stale_expected
from nnkit.kit.course.errors import BuildError

FILE = "tests/graders/a1/net.h5"
GRADERS = "tests/graders/a1/test_net.py"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


def template(course):
    return load_template(course, "a1", "net")


def stale(course):
    return [str(each) for each in stale_expected(template(course))]


def test_what_is_stored_is_what_the_reference_gives(course):
    assert stale(course) == []


def test_a_missing_file_is_told_with_the_command(course):
    (course.root / FILE).unlink()
    assert stale(course) == [
        f"{FILE}: the graders compare with stored outputs, and there is no such file (run: nnkit record a1/net)"
    ]


def test_a_notebook_whose_graders_store_nothing_needs_no_file(course):
    text = (course.root / GRADERS).read_text()
    lines = [line for line in text.split("\n") if "    expected(" not in line]
    (course.root / GRADERS).write_text("\n".join(lines).replace("submission, expected):", "submission):\n    pass"))
    (course.root / FILE).unlink()
    assert stale(course) == []


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("public/Net/w", [0.25, 0.25, 0.26], "public/Net/w is not what the reference gives now"),
        ("public/Net/w", [0.25, 0.25], "public/Net/w is not what the reference gives now"),
        ("public/Net/w", [1, 2, 3], "public/Net/w is not what the reference gives now"),
        ("public/Net/w", None, "holds no public/Net/w, which a test asks for"),
        ("hidden/Net/old", [1.0], "holds hidden/Net/old, which no test asks for"),
    ],
)
def test_a_stale_value_is_told_with_its_key(course, key, value, what):
    with h5py.File(course.root / FILE, "a") as file:
        if key in file:
            del file[key]
        if value is not None:
            file[key] = value
    assert stale(course) == [f"{FILE}: {what} (run: nnkit record a1/net)"]


def test_the_last_digits_of_another_machine_are_not_stale(course):
    with h5py.File(course.root / FILE, "a") as file:
        file["public/Net/w"][...] = [0.25, 0.25, 0.25 * (1 + 1e-12)]
    assert stale(course) == []


def test_a_changed_reference_makes_values_stale_and_recording_mends_it(course):
    change(course.root, "nnkit/layers.py", "np.full(size, 0.25)", "np.full(size, 0.5)")
    assert len(stale(course)) == 2
    assert record_expected(template(course)) == []
    assert stale(course) == []


def test_recording_says_what_it_drops(course):
    with h5py.File(course.root / FILE, "a") as file:
        file["hidden/Net/old"] = [1.0]
    assert record_expected(template(course)) == ["hidden/Net/old"]
    assert stale(course) == []


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all", None])
def test_a_damaged_file_is_an_error_with_the_command_and_recording_writes_it_anew(course, content):
    path = course.root / FILE
    path.write_bytes(path.read_bytes()[:-600] if content is None else content)
    with pytest.raises(BuildError, match=rf"^{FILE}: is no HDF5 file, or a damaged one \(run: nnkit record a1/net\)"):
        stale(course)
    record_expected(template(course))
    assert stale(course) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("    return x + x\n", "    return x + x[99]\n", r"IndexError: .* \(a1/test_net\.py, line 18\)"),
        (
            "SIZES = (1, 3)\n",
            "SIZES = (1, 3)\nSECRET = 1 / 0\n",
            r"the graders can't be run: .*line 8: ZeroDivisionError",
        ),
        (
            "oracle_of_doubling(np.ones(17))",
            "np.zeros(17)",
            "the reference does not pass test_double_forward_with",
        ),
    ],
)
def test_graders_that_break_or_refuse_the_reference_are_named(course, old, new, what):
    change(course.root, GRADERS, old, new)
    before = (course.root / FILE).read_bytes()
    with pytest.raises(BuildError, match=rf"^{GRADERS}: .*{what}"):
        record_expected(template(course))
    assert (course.root / FILE).read_bytes() == before


def test_a_reference_that_cannot_be_defined_is_named(course):
    change(course.root, "nnkit/layers.py", "class Net:", "class Net(np.no_base):")
    with pytest.raises(BuildError, match=r"^a1/net\.md: the functions and classes .* AttributeError: .*no_base"):
        record_expected(template(course))


def test_what_the_reference_prints_reaches_no_output(course, capfd):
    change(course.root, "nnkit/layers.py", "    out = np.add", "    print('noise')\n    out = np.add")
    stale(course)
    assert capfd.readouterr() == ("", "")
