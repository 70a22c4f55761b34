"""The reference is not importable inside, however it was installed."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest
from sandbox_harness import LOCKED, outside

import nnkit
from nnkit.kit.sandbox import Tier, runtime

START = """
import sys
sys.path += {more!r}
import nnkit.kit.sandbox as sandbox
from nnkit.kit.sandbox import Limits, Tier, View, start
code = "import sys, a_neighbour\\ntry:\\n    import nnkit.kit\\nexcept Exception: sys.exit(42)"
with start(Tier({tier!r}), View(), Limits(), ["python", "-c", code]) as process:
    ended = process.wait(30)
    print(sandbox.__file__, ended.kind, ended.code, process.stderr_tail())
"""


# As setuptools writes it for an editable installation.
FINDER = """
import importlib.machinery, sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "nnkit":
            return importlib.machinery.PathFinder.find_spec(name, [{folder!r}])
def install():
    sys.meta_path.append(Finder)
"""


def environment_with_nnkit(tmp_path: Path, how: str) -> tuple[Path, dict[str, str]]:
    """A fresh environment in which nnkit is importable, and a package beside it; its interpreter and its variables."""
    outside(tmp_path)
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    venv.create(tmp_path / "env", symlinks=True, with_pip=False, system_site_packages=how == "user site")
    python = tmp_path / "env" / "bin" / "python"
    packages = next((tmp_path / "env" / "lib").glob("python*")) / "site-packages"
    (packages / "a_neighbour.py").write_text("")
    source = Path(nnkit.__file__).parent
    if how == "regular":
        (packages / "nnkit-0.1.0.dist-info").mkdir()
        subprocess.run(["cp", "-r", str(source), str(packages / "nnkit")], check=True)
    elif how == "user site":
        variables["PYTHONUSERBASE"] = str(tmp_path / "user")
        own = tmp_path / "user" / "lib" / packages.parent.name / "site-packages"
        own.mkdir(parents=True)
        subprocess.run(["cp", "-r", str(source), str(own / "nnkit")], check=True)
    elif how == "PYTHONPATH":
        variables["PYTHONPATH"] = str(source.parent)
    elif how == "editable":
        (packages / "__editable___nnkit_0_1_0_finder.py").write_text(FINDER.format(folder=str(source.parent)))
        (packages / "__editable__.nnkit-0.1.0.pth").write_text(
            "import __editable___nnkit_0_1_0_finder; __editable___nnkit_0_1_0_finder.install()\n"
        )
    else:
        (packages / "_course.pth").write_text(f"{source.parent}\n")
    subprocess.run(["chmod", "-R", "go+rX", str(tmp_path)], check=True)
    return python, variables


@pytest.mark.parametrize("how", ["regular", "editable", "path file", "user site", "PYTHONPATH"])
@pytest.mark.parametrize("tier", LOCKED)
def test_an_installed_nnkit_is_not_importable_inside(tier: Tier, how: str, tmp_path: Path) -> None:
    python, variables = environment_with_nnkit(tmp_path, how)
    more = [path for path in sys.path if path.endswith("-packages")]
    code = START.format(more=more, tier=tier.value)
    done = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, timeout=60, cwd="/", env=variables
    )
    file, kind, status, *_ = [*done.stdout.split(), "", "", done.stderr]
    assert (kind, status) == ("exited", "42"), done.stderr + done.stdout
    assert file


@pytest.mark.parametrize(
    "name",
    [
        "nnkit", "nnkit-0.1.0.dist-info", "nnkit.egg-link", "__editable__.nnkit-0.1.0.pth", "_nnkit.pth",
        "__editable___nnkit_0_1_0_finder.py", "_editable_impl_nnkit.pth", "nnkit.pth",
    ],
)  # fmt: skip
def test_traces_of_every_kind_of_installation_are_known(name: str) -> None:
    assert runtime._OF_NNKIT.search(name)


@pytest.mark.parametrize("name", ["torchnnkit", "nnkitchen-1.0.dist-info", "numpy"])
def test_other_packages_are_left_alone(name: str) -> None:
    assert not runtime._OF_NNKIT.search(name)
