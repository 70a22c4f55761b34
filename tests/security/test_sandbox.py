"""What a stranger's code can't reach, in every tier that this host has."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path

import pytest
from sandbox_harness import ALL, LOCKED, MODEST, NAMESPACED, Running, outside, run

import nnkit
from nnkit.kit.sandbox import SandboxError, Tier, View, best_tier, probe, probing, start

PROJECT = Path(nnkit.__file__).parent

locked = pytest.mark.parametrize("tier", LOCKED)
namespaced = pytest.mark.parametrize("tier", NAMESPACED)
every_tier = pytest.mark.parametrize("tier", ALL)


@locked
def test_a_file_outside_can_not_be_read(tier: Tier, tmp_path: Path) -> None:
    canary = outside(tmp_path)
    assert run(tier, f"report(outcome(lambda: open({str(canary)!r}).read()))").reported[0] in (
        "FileNotFoundError",
        "PermissionError",
    )


@locked
def test_the_project_can_not_be_read(tier: Tier) -> None:
    file = PROJECT / "kit" / "grading" / "sandbox" / "tiers.py"
    code = f"report([outcome(lambda: open({str(file)!r}).read()), outcome(lambda: os.listdir({str(PROJECT)!r}))])"
    assert {name for name, _ in run(tier, code).reported} <= {"FileNotFoundError", "PermissionError"}


@namespaced
def test_of_the_project_only_the_environment_shows(tier: Tier) -> None:
    inside = run(tier, f"report(outcome(lambda: os.listdir({str(PROJECT.parent)!r})))").reported
    assert inside == ["FileNotFoundError", errno.ENOENT] or inside == ["done", "['.venv']"]


@locked
def test_nothing_can_be_written_outside_scratch(tier: Tier, tmp_path: Path) -> None:
    canary = outside(tmp_path)
    places = [str(canary), str(tmp_path / "new")]
    code = f"report([outcome(lambda: open(place, 'w').write('mine'))[0] for place in {places!r}])"
    assert "done" not in run(tier, code).reported
    assert canary.read_text() == "a secret"
    assert sorted(os.listdir(tmp_path)) == ["canary"]


@locked
def test_no_file_of_the_system_can_be_opened_for_writing(tier: Tier) -> None:
    # Opened without creating, truncating or writing, and folders by a file without a name: harmless where a lock fails.
    code = """
files = ["/etc/passwd", "/usr/bin/env", sys.executable]
folders = ["/", "/etc", "/usr/lib", "/dev", os.path.dirname(sys.executable)]
report([outcome(lambda: os.open(place, os.O_WRONLY))[0] for place in files]
       + [outcome(lambda: os.open(place, os.O_WRONLY | os.O_TMPFILE))[0] for place in folders])
"""
    assert "done" not in run(tier, code).reported


@locked
def test_no_tcp_port_of_the_machine_can_be_reached(tier: Tier) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        code = f"""
import socket
report(outcome(lambda: socket.create_connection(("127.0.0.1", {listener.getsockname()[1]}), 2)))
"""
        assert run(tier, code).reported[0] != "done"


@locked
def test_no_abstract_socket_of_another_program_can_be_reached(tier: Tier) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0nnkit-test-{os.getpid()}")
        listener.listen()
        code = f"""
import socket
report(outcome(lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + "nnkit-test-{os.getpid()}")))
"""
        assert run(tier, code).reported[0] != "done"


@locked
def test_no_path_socket_of_another_program_can_be_reached(tier: Tier, tmp_path: Path) -> None:
    outside(tmp_path)
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o777)
        listener.listen()
        code = f"import socket\nreport(outcome(lambda: socket.socket(socket.AF_UNIX).connect({path!r})))"
        assert run(tier, code).reported[0] != "done"


@locked
def test_the_grader_can_not_be_signalled(tier: Tier) -> None:
    assert run(tier, f"report(outcome(lambda: os.kill({os.getpid()}, 0)))").reported[0] != "done"


@namespaced
def test_only_its_own_processes_can_be_seen(tier: Tier) -> None:
    code = "report([int(name) for name in os.listdir('/proc') if name.isdigit()])"
    assert max(run(tier, code).reported) < 10


@locked
def test_the_keeper_beside_it_can_be_neither_killed_nor_read(tier: Tier) -> None:
    code = """
report([outcome(lambda: os.kill(os.getppid(), 9)) if os.getppid() != 1 else ["PermissionError", 1],
        outcome(lambda: open(f"/proc/{os.getppid()}/environ", "rb").read()),
        outcome(lambda: open(f"/proc/{os.getppid()}/mem", "rb").read(1))])
"""
    assert "done" not in [name for name, _ in run(tier, code).reported]


@namespaced
def test_killing_the_keeper_has_no_effect(tier: Tier) -> None:
    # Its parent is process 1 in its own namespace only: where that fails, nobody must be killed.
    ended = run(tier, "assert os.getpid() < 10 and os.getppid() == 1; os.kill(1, 9); report('still here')")
    assert ended.reported == "still here"


@locked
def test_it_is_not_root_and_has_no_capability(tier: Tier) -> None:
    code = """
import ctypes
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
ctypes.CDLL(None).capget(ctypes.byref(header), ctypes.byref(data))
report([os.getresuid(), os.getresgid(), os.getgroups(), list(data)])
"""
    uids, gids, groups, capabilities = run(tier, code).reported
    assert 0 not in (*uids, *gids)
    assert groups in ([], [65534]) or os.geteuid() != 0
    assert not any(capabilities)


@locked
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a process a user of its own")
def test_started_by_root_it_has_a_real_user_of_its_own(tier: Tier) -> None:
    uids = []
    sleeping = "import time; report(1); time.sleep(60)"
    with Running(tier, sleeping) as first, Running(tier, sleeping) as second:
        for running in (first, second):
            running.next_report()
            uids.append(os.stat(f"/proc/{running.process.pid}").st_uid)
    assert len(set(uids)) == 2
    assert 0 not in uids


@locked
@pytest.mark.parametrize(
    "act",
    [
        "libc.unshare(0x10000000)",  # a user namespace of its own
        "libc.ptrace(0, 0, 0, 0)",
        "libc.mount(b'none', b'/scratch', b'tmpfs', 0, None)",
        "libc.syscall(425, 8, ctypes.create_string_buffer(128))",  # io_uring_setup
        "libc.syscall(321, 0, None, 0)",  # bpf
        "libc.chroot(b'.')",
    ],
)
def test_calls_deep_into_the_kernel_are_refused(tier: Tier, act: str) -> None:
    code = f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nreport([{act}, ctypes.get_errno()])"
    assert run(tier, code).reported == [-1, 1]


@every_tier
def test_none_of_the_graders_variables_are_inside(tier: Tier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNKIT_TEST_TOKEN", "a secret")
    seen = run(tier, "report(dict(os.environ))", env={"GIVEN": "yes"}).reported
    assert "NNKIT_TEST_TOKEN" not in seen
    assert seen["GIVEN"] == "yes"


@every_tier
def test_only_the_passed_descriptors_are_open(tier: Tier, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        code = """
import resource
found = []
for number in range(1024):
    try:
        os.fstat(number)
        found.append(number)
    except OSError:
        pass
report([found, int(os.environ["REPORT"])])
"""
        found, report = run(tier, code).reported
        assert found == [0, 1, 2, report]


@locked
def test_nnkit_can_not_be_imported(tier: Tier) -> None:
    assert run(tier, "import importlib\nreport(outcome(lambda: importlib.import_module('nnkit')))").reported[0] in (
        "ModuleNotFoundError",
        "PermissionError",
    )


@locked
def test_traces_of_an_installed_nnkit_can_not_be_read(tier: Tier) -> None:
    code = """
import site
found = []
for folder in site.getsitepackages():
    for path, _, files in os.walk(folder):
        for name in files:
            if "nnkit" in os.path.join(path, name)[len(folder):]:
                try:
                    found += [name] if open(os.path.join(path, name), "rb").read() else []
                except OSError:
                    pass
report(found)
"""
    assert run(tier, code).reported == []


@every_tier
def test_numpy_and_matplotlib_draw_a_figure(tier: Tier) -> None:
    code = """
import numpy as np
import matplotlib.pyplot as plt
plt.plot(np.arange(4.0) @ np.eye(4))
plt.title("loss")
plt.savefig("figure.png")
report(open("figure.png", "rb").read(8).hex())
"""
    assert run(tier, code).reported == b"\x89PNG\r\n\x1a\n".hex()


@every_tier
def test_an_inherited_socket_carries_bytes_both_ways(tier: Tier) -> None:
    ours, theirs = socket.socketpair()
    code = """
import socket
channel = socket.socket(fileno=int(os.environ["CHANNEL"]))
channel.sendall(channel.recv(100).upper())
"""
    with ours, theirs, Running(
        tier, code, env={"CHANNEL": str(theirs.fileno())}, pass_fds=(theirs.fileno(),)
    ):
        theirs.close()
        ours.settimeout(20)
        ours.sendall(b"arrays")
        assert ours.recv(100) == b"ARRAYS"
        assert ours.recv(100) == b""  # and nobody else keeps the other end open


@every_tier
def test_inputs_lie_in_the_working_folder(tier: Tier, tmp_path: Path) -> None:
    outside(tmp_path)
    view = View(inputs={"checks": tmp_path})
    assert run(tier, "report(open('checks/canary').read())", view=view).reported == "a secret"


@locked
def test_inputs_are_read_only(tier: Tier, tmp_path: Path) -> None:
    canary = outside(tmp_path)
    code = """
report([outcome(lambda: open("checks/canary", "w").write("mine")), outcome(lambda: open("checks/new", "w").write("")),
        outcome(lambda: os.unlink("checks/canary")), outcome(lambda: os.rename("checks/canary", "checks/other"))])
"""
    ended = run(tier, code, view=View(inputs={"checks": tmp_path}))
    assert "done" not in [name for name, _ in ended.reported]
    assert canary.read_text() == "a secret"


@every_tier
def test_readable_files_are_found_through_argv_and_environment(tier: Tier, tmp_path: Path) -> None:
    canary = outside(tmp_path)
    code = "report(open(os.environ['PLACE'] + '/canary').read())"
    ended = run(tier, code, view=View(readable={"/opt/things": tmp_path}), env={"PLACE": "/opt/things"})
    assert ended.reported == canary.read_text()


@locked
def test_readable_files_are_read_only(tier: Tier, tmp_path: Path) -> None:
    canary = outside(tmp_path)
    code = "report(outcome(lambda: open(os.environ['PLACE'], 'w').write('mine')))"
    ended = run(tier, code, view=View(readable={"/opt/canary": canary}), env={"PLACE": "/opt/canary"})
    assert ended.reported[0] != "done"
    assert canary.read_text() == "a secret"


@every_tier
def test_an_input_name_that_leads_elsewhere_is_refused(tier: Tier, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="not a plain file name"):
        start(tier, View(inputs={"../x": tmp_path}), MODEST, ["python"])


@every_tier
def test_a_program_that_does_not_exist_is_an_error_at_the_start(tier: Tier) -> None:
    with pytest.raises(SandboxError, match="did not start"):
        start(tier, View(), MODEST, ["/no/such/program"])


def test_the_probe_finds_that_no_tier_allows_nothing() -> None:
    possible = {act for act, forbidden in probe(Tier.E).checks if not forbidden}
    assert {"read a file outside the view", "write outside the scratch folder", "import nnkit"} <= possible


@pytest.mark.parametrize(("holding", "best"), [("ABE", Tier.A), ("BCE", Tier.B), ("CE", Tier.C), ("E", Tier.E)])
def test_the_best_tier_is_the_first_that_holds(holding: str, best: Tier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "probe", lambda tier: probing.ProbeReport(tier, tier.value in holding, "", ()))
    assert best_tier() is best


@pytest.mark.parametrize("tier", list(Tier))
def test_every_tier_says_what_it_guarantees_and_what_it_lacks(tier: Tier) -> None:
    assert tier.guarantees
    assert tier.lacks
    assert json.dumps([tier.guarantees, tier.lacks])
