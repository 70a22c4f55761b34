"""Where the locked process begins: reads the plan from the control socket and carries it out."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any, NoReturn

from . import keeper, kernel, privileges, root

_ALL_BUT_PIDS = (
    kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP
)


def main(number: int) -> None:
    """Carry out the plan that comes over the control socket, an inherited descriptor."""
    control = socket.socket(fileno=number)
    control.set_inheritable(False)
    try:
        plan = read_plan(control)
        if plan["enter"]:
            _enter_namespaces(plan)
        if plan["forkserver"]:
            _become_a_fork_server(plan, control)
        os.set_inheritable(plan["tail_fd"], False)
        settle(plan)
        keeper.keep(plan, control)
    except Exception as error:
        control.sendall(json.dumps({"trouble": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        os._exit(1)
    os._exit(0)


def read_plan(control: socket.socket) -> dict[str, Any]:
    """The plan that the grader sends, a line of JSON."""
    line = b""
    while not line.endswith(b"\n"):
        piece = control.recv(65536)
        if not piece:
            raise EOFError("no plan came")
        line += piece
    plan: dict[str, Any] = json.loads(line)
    return plan


def settle(plan: dict[str, Any]) -> None:
    """What the keeper itself needs: its place, its rights, and the right to collect orphans."""
    if plan["inodes"]:
        path, size, inodes = plan["inodes"]
        kernel.mount("tmpfs", path, None, kernel.MS_REMOUNT | kernel.MS_NOSUID | kernel.MS_NODEV,
                     f"size={size},nr_inodes={inodes}")  # fmt: skip
    if plan["drop_early"]:
        privileges.drop(plan["uid"], plan["gid"])
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    elif sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def _become_a_fork_server(plan: dict[str, Any], control: socket.socket) -> NoReturn:
    """Start afresh inside the view: what this interpreter has found of the host's packages is not for submissions."""
    privileges.keep(privileges.NEEDED_BY_A_FORK_SERVER)
    control.set_inheritable(True)
    os.chdir(plan["cwd"])
    program, *arguments = plan["argv"]
    os.execve(program, [program, *arguments, str(control.fileno())], plan["env"])


def _enter_namespaces(plan: dict[str, Any]) -> None:
    """Leave the host's namespaces; returns in the first process of the new PID namespace."""
    flags = kernel.CLONE_NEWPID | _ALL_BUT_PIDS
    if plan["map_user"]:
        uid, gid = os.getuid(), os.getgid()
        kernel.unshare(flags | kernel.CLONE_NEWUSER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{plan['map_user'][0]} {uid} 1")
        _write("/proc/self/gid_map", f"{plan['map_user'][1]} {gid} 1")
    else:
        kernel.unshare(flags)
    _finish_namespaces()
    pid = os.fork()
    if pid:
        # Nothing of the grader's may be held open by this process, which only waits.
        os.closerange(0, 1 << 20)
        _, status = os.waitpid(pid, 0)
        os._exit(0 if status == 0 else 1)
    os.setsid()
    root.build(plan["root"], plan["scratch"])


def renew(plan: dict[str, Any]) -> None:
    """Leave the namespaces of the fork server, of which we are a child and the first process of a PID namespace."""
    os.setsid()
    kernel.unshare(_ALL_BUT_PIDS)
    _finish_namespaces()
    root.renew(plan["renew"], plan["scratch"])


def _finish_namespaces() -> None:
    socket.sethostname("locked")
    kernel.bring_up("lo")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
