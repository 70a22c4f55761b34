"""How well a host can lock a process up, and what each tier can't do."""

from __future__ import annotations

from enum import StrEnum

_NAMESPACED = (
    "No file of the host can be seen but the Python runtime and what the grader shows, all of it read-only.",
    "No network, no socket of another program: the process is alone in a network namespace.",
    "No other process can be seen, signalled or traced: the process is alone in a PID namespace.",
    "The kernel ends every process of the submission when its first one ends.",
    "An unprivileged user without capabilities; calls that reach deep into the kernel are refused.",
    "Files written are held in memory, limited in bytes and in number, and gone afterwards.",
)
_ALWAYS_LACKING = (
    "Memory is limited for each process by the kernel, for all together only several times a second: no cgroups.",
    "CPU time of all together is added up several times a second; children whose parent ignores their death are not "
    "counted once they are gone.",
    "Errors in the kernel itself: the process makes system calls of the host's kernel.",
)


class Tier(StrEnum):
    """Kinds of locked process, the best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"

    @property
    def built_with(self) -> str:
        """What the tier is built with."""
        return _TITLES[self]

    @property
    def guarantees(self) -> tuple[str, ...]:
        """What the tier does, a sentence each."""
        return _GUARANTEES[self]

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the tier does not do, a sentence each."""
        return _LACKS[self]

    @property
    def encloses(self) -> bool:
        """Whether a submission can reach no process but its own: what ends its keeper is then not its doing."""
        return self in (Tier.A, Tier.B)

    def at_least(self, other: Tier) -> bool:
        """Whether this tier is as good as `other`."""
        return self.value <= other.value


_TITLES = {
    Tier.A: "bubblewrap",
    Tier.B: "namespaces made directly",
    Tier.C: "Landlock, seccomp and rlimits",
    Tier.D: "macOS sandbox-exec",
    Tier.E: "no lock",
}
_GUARANTEES = {
    Tier.A: _NAMESPACED,
    Tier.B: _NAMESPACED,
    Tier.C: (
        "No content of a file of the host can be read but the Python runtime and what the grader shows.",
        "Nothing can be written outside a scratch folder, which is removed afterwards.",
        "No socket can be made; only the inherited ones work.",
        "No capabilities; calls that reach into other processes or deep into the kernel are refused.",
        "Limits on CPU time, address space, open files and file size.",
    ),
    Tier.D: (
        "sandbox-exec refuses the network and writing outside a scratch folder, on hosts where Apple still ships it.",
    ),
    Tier.E: ("Limits on CPU time, address space, open files and file size, against accidents.",),
}
_LACKS = {
    Tier.A: _ALWAYS_LACKING,
    Tier.B: ("The namespaces are made by nnkit's own code, not by a reviewed program.", *_ALWAYS_LACKING),
    Tier.C: (
        "Names, sizes and dates of files outside can still be found out (not their content).",
        "Other processes can be counted; signals to the same user's processes are refused by Landlock from version 6 "
        "on, and before that by refusing all signals.",
        "Started by an ordinary user, it runs as that user, and the limit on processes is one on all of that user's.",
        "Daemons are found by walking the process table, not by the kernel.",
        "The size of the scratch folder is looked at twice a second, not enforced by the kernel.",
        "Inputs are copies at other paths than in the tiers above; /proc, /sys and /dev/shm can't be used.",
        *_ALWAYS_LACKING,
    ),
    Tier.D: (
        "This tier was written from documentation and has not been run: treat it as no lock until it is tried.",
        "Files of the host can be read except in the home folder and the project; processes can be seen.",
        "Daemons are ended by process group only.",
        *_ALWAYS_LACKING,
    ),
    Tier.E: (
        "Everything that the user who grades can read, write, reach and kill, a submission can too.",
        "Daemons that leave the process group are ended only where the process table shows them.",
        *_ALWAYS_LACKING,
    ),
}
