"""The sandbox started by somebody else: an ordinary user, and a root whose Python is open to all (which tier C needs).

Python often lies below /root, closed to everyone else. In a mount namespace of its own the same Python is shown at the
same place with open folders above it; no mode of any file is changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STAGE = """
set -e
base=$1 closed=$2 place=$3 who=$4; shift 4
if [ "$closed" != none ]; then
    mount --bind "$base" "$place"
    mount -t tmpfs -o mode=755 tmpfs "$closed"
    mkdir -p "$base"
    mount --move "$place" "$base"
fi
if [ "$who" = root ]; then exec "$@"; fi
exec setpriv --reuid "$who" --regid "$who" --clear-groups "$@"
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))),
        reason="only root can play other users, with unshare and setpriv",
    ),
]


def closed_folder(path: str) -> str:
    """The topmost folder above `path` that other users may not enter, or "none"."""
    for folder in reversed(Path(path).parents):
        if not folder.stat().st_mode & 0o001:
            return str(folder)
    return "none"


def run_tests_as(who: str, tiers: str, tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the sandbox's tests in `tiers` as `who`."""
    base = os.path.realpath(sys.base_prefix)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", STAGE, "stage", base, closed_folder(base)]
    command += [str(tmp_path), who, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "NNKIT_TEST_TIERS": tiers, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=env, cwd=HERE, capture_output=True, text=True, timeout=400)


@pytest.mark.parametrize(
    "file", ["test_sandbox.py", "test_sandbox_limits.py", "test_sandbox_installed.py", "test_warm_start.py"]
)
def test_all_holds_when_an_ordinary_user_starts_it(file: str, tmp_path: Path) -> None:
    done = run_tests_as("60500", "ABC", tmp_path, str(HERE / file))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("file", ["test_sandbox.py", "test_sandbox_limits.py", "test_sandbox_installed.py"])
def test_tier_c_holds_when_root_starts_it(file: str, tmp_path: Path) -> None:
    done = run_tests_as("root", "C", tmp_path, str(HERE / file))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
