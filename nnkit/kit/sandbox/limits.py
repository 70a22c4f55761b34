"""What one locked process may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Limits of one locked process and all that it starts; wall time is the caller's to watch.

    Attributes
    ----------
    cpu_s : float
        CPU seconds. The kernel ends a single process that passes it (to the second above); the keeper adds up all
        processes several times a second and ends them together.
    memory_bytes : int
        Address space of each process (RLIMIT_AS: a request beyond it is a MemoryError in the program), and resident
        memory of all together, which the keeper looks at several times a second. There is no tighter bound without
        cgroups, which this sandbox does not depend on.
    processes : int
        Processes and threads at one time.
    open_files : int
        Open files of one process.
    file_bytes : int
        Size of one file.
    scratch_bytes : int
        All files together that it writes: working folder, /tmp and /dev/shm.
    """

    cpu_s: float = 60.0
    memory_bytes: int = 2048 * MIB
    processes: int = 64
    open_files: int = 256
    file_bytes: int = 64 * MIB
    scratch_bytes: int = 128 * MIB

    def rlimits(self, started_by_tier: int) -> dict[str, list[int]]:
        """Soft and hard rlimits; `started_by_tier` processes are the tier's own and come on top."""
        seconds = max(1, int(-(-self.cpu_s // 1)))
        processes = self.processes + started_by_tier
        return {
            "CPU": [seconds, seconds + 1],
            "AS": [self.memory_bytes] * 2,
            "NPROC": [processes] * 2,
            "NOFILE": [self.open_files] * 2,
            "FSIZE": [self.file_bytes] * 2,
            "CORE": [0, 0],
        }
