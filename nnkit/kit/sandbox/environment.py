"""The environment variables of a locked process, built from nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from . import runtime


def build(scratch: str, given: Mapping[str, str]) -> dict[str, str]:
    """Variables for a process whose scratch folder is `scratch`; what is `given` wins."""
    return {
        "PATH": f"{os.path.dirname(runtime.python())}:/usr/local/bin:/usr/bin:/bin",
        "HOME": f"{scratch}/home",
        "TMPDIR": f"{scratch}/tmp",
        "MPLCONFIGDIR": f"{scratch}/mpl",
        "MPLBACKEND": "agg",
        # One thread each: the limits count threads, and sums come out the same on every machine.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Otherwise each new thread takes 64 MB of the limited address space for its own share of malloc.
        "MALLOC_ARENA_MAX": "2",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        **given,
    }


def accounts(uid: int, gid: int) -> dict[str, str]:
    """An /etc in which the one user has a name and nobody else exists."""
    return {
        "/etc/passwd": f"student:x:{uid}:{gid}::/scratch/home:/bin/sh\n",
        "/etc/group": f"student:x:{gid}:\n",
        "/etc/hosts": "127.0.0.1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
