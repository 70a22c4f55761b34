"""The processes of one submission: who they are, what they use together, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


def members(whole_namespace: bool) -> list[int]:
    """All processes but this one in its own PID namespace, or else those that descend from it."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    me = os.getpid()
    if whole_namespace:
        return [pid for pid in pids if pid != me]
    children: dict[int, list[int]] = {}
    for pid in pids:
        fields = _stat(pid)
        if fields:
            children.setdefault(int(fields[1]), []).append(pid)
    found: list[int] = []
    queue = [me]
    while queue:
        born = children.get(queue.pop(), [])
        found += born
        queue += born
    return found


def usage(pids: list[int]) -> tuple[float, int]:
    """CPU seconds of all processes (and of the ones that are gone and were waited for), bytes of their own memory."""
    own = os.times()
    cpu = own.children_user + own.children_system
    memory = 0
    for pid in pids:
        fields = _stat(pid)
        if fields:
            cpu += sum(int(field) for field in fields[11:15]) / _TICK
            memory += _own_memory(pid)
    return cpu, memory


def memory_shared_out(pids: list[int]) -> int:
    """Bytes of their own memory, in which a page that several processes have since a fork counts once for all.

    It takes the kernel a walk through every page. A process that hides from being looked at counts in full.
    """
    return sum(_share_of_memory(pid) for pid in pids)


def reap() -> None:
    """Collect every dead child."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def end(group: int) -> None:
    """Kill all that descends from this process; in a PID namespace the kernel does it when its first process ends."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
        pids = members(whole_namespace=False)
        # Stopped first: a parent that forks faster than it is found would win the race otherwise.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        reap()
        if not members(whole_namespace=False):
            return
        time.sleep(0.005)


def folder_bytes(path: str, enough: int) -> int:
    """Bytes on disk below `path`; stops counting past `enough`, and counts a page for every entry."""
    total = 0
    for folder, names, files in os.walk(path):
        for name in (*names, *files):
            with contextlib.suppress(OSError):
                total += max(os.lstat(os.path.join(folder, name)).st_blocks * 512, _PAGE)
        if total > enough:
            break
    return total


def _stat(pid: int) -> list[str]:
    """The fields of /proc/pid/stat after the name, which may hold anything."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _share_of_memory(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    return _own_memory(pid)


def _own_memory(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            _, resident, shared = file.read().split()[:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE
