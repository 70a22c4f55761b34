"""A system call filter: what a notebook never needs and an attacker of the kernel or of a neighbour does.

Classic BPF over ``struct seccomp_data``: number at byte 0, architecture at 4, arguments of eight bytes from 16.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct

from . import kernel

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# number on x86_64, number on aarch64 (None: not there)
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "syslog": (103, 116),
    "acct": (163, 89),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "quotactl": (179, 60),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "quotactl_fd": (443, 443),
}
# Where the process table is shared, these would reach the user's other processes.
_REFUSED_AMONG_NEIGHBOURS: dict[str, tuple[int | None, int | None]] = {
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
_SIGNALS: dict[str, tuple[int | None, int | None]] = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}
_CLONE = (56, 220)
_CLONE3 = 435
_SOCKET = (41, 198)
_PRLIMIT = (302, 261)
_SCHED = ((203, 122), (144, 119), (142, 118), (314, 274))  # setaffinity, setscheduler, setparam, setattr

_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag
_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW = 0x7FFF0000


def _refuse(number: int) -> int:
    return 0x00050000 | number


class _Program:
    def __init__(self) -> None:
        self.code: list[tuple[int, int, int, int]] = []

    def add(self, operation: int, value: int, yes: int = 0, no: int = 0) -> None:
        self.code.append((operation, yes, no, value))

    def refuse_if(self, test: int, value: int, result: int) -> None:
        self.add(test, value, 0, 1)
        self.add(_RETURN, result)

    def argument(self, index: int) -> None:
        self.add(_LOAD, 16 + 8 * index)

    def packed(self) -> bytes:
        return b"".join(struct.pack("=HBBI", *line) for line in self.code)


def program(machine: str, families: tuple[int, ...], neighbours: bool, signals: bool) -> bytes:
    """The filter for one architecture.

    Parameters
    ----------
    machine : as ``os.uname().machine``; KeyError when it is not known
    families : address families that socket(2) may still make
    neighbours : the process table is shared with others, so refuse what reaches into other processes
    signals : refuse also sending signals, where the kernel can't keep them inside
    """
    column = 0 if machine == "x86_64" else 1
    filter_ = _Program()
    filter_.add(_LOAD, 4)
    filter_.add(_EQUAL, _ARCHITECTURES[machine], 1, 0)
    filter_.add(_RETURN, _refuse(errno.ENOSYS))
    filter_.add(_LOAD, 0)
    if machine == "x86_64":
        filter_.refuse_if(_ABOVE, 0x40000000, _refuse(errno.ENOSYS))  # the x32 numbers of the same calls
    # glibc falls back to clone(2), whose flags can be seen here.
    filter_.refuse_if(_EQUAL, _CLONE3, _refuse(errno.ENOSYS))
    refused = dict(_REFUSED)
    if neighbours:
        refused |= _REFUSED_AMONG_NEIGHBOURS
    if signals:
        refused |= _SIGNALS
    for numbers in refused.values():
        number = numbers[column]
        if number is not None:
            filter_.refuse_if(_EQUAL, number, _refuse(errno.EPERM))

    filter_.add(_EQUAL, _CLONE[column], 0, 4)
    filter_.argument(0)
    filter_.refuse_if(_ANY_BIT, _NAMESPACES, _refuse(errno.EPERM))
    filter_.add(_RETURN, _ALLOW)

    filter_.add(_EQUAL, _SOCKET[column], 0, 2 + len(families) * 2)
    filter_.argument(0)
    for family in families:
        filter_.refuse_if(_EQUAL, family, _ALLOW)
    filter_.add(_RETURN, _refuse(errno.EACCES))

    if neighbours:
        for pair in (_PRLIMIT, *_SCHED):
            filter_.add(_EQUAL, pair[column], 0, 4)
            filter_.argument(0)
            filter_.add(_EQUAL, 0, 0, 1)  # pid 0: oneself
            filter_.add(_RETURN, _ALLOW)
            filter_.add(_RETURN, _refuse(errno.EPERM))
    filter_.add(_RETURN, _ALLOW)
    return filter_.packed()


def known_architecture() -> bool:
    """Whether the filter can be written for this machine."""
    return os.uname().machine in _ARCHITECTURES


def install(neighbours: bool, signals: bool = False) -> None:
    """Put this process and all its descendants under the filter; needs no_new_privs.

    Among neighbours no socket can be made at all (socketpair still can): a path socket of another program would be
    reachable otherwise. In a network namespace of its own a process may make local and Internet sockets: they lead
    nowhere.
    """
    families = () if neighbours else (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
    code = program(os.uname().machine, tuple(int(family) for family in families), neighbours, signals)
    buffer = ctypes.create_string_buffer(code, len(code))

    class FilterProgram(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = FilterProgram(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.byref(whole))
