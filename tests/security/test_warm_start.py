"""A submission forked from a fork server has what a freshly started one has, and nothing of the ones before it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sandbox_harness import LOCKED, NAMESPACED

from nnkit.kit.course.settings import Engine
from nnkit.kit.course.settings import Limits as CourseLimits
from nnkit.kit.grading import session_opening
from nnkit.kit.locked import process_start, program
from nnkit.kit.locked.process_start import INSIDE, locked
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.sandbox import Limits, SandboxError, Tier, View, warm
from nnkit.kit.sandbox.forkserver import ForkServer

pytestmark = pytest.mark.skipif(not NAMESPACED, reason="this host has no namespaces to start warm in")
TICK = os.sysconf("SC_CLK_TCK")
VIEW = View({"shown.txt": Path(__file__)}, {INSIDE: Path(program.__file__).parent})

# Imported and drawn first, because a fork server has them loaded: only what is left then can tell the two apart.
STATE = """
import json, os, re, resource, signal, sys
import h5py, IPython.core.pylabtools, matplotlib.backends.backend_agg, numpy.random, pytest, tqdm.auto
import matplotlib, matplotlib.pyplot as plt, matplotlib_inline.config
settings = {name: repr(value) for name, value in matplotlib.rcParams.items()}
plt.plot([1, 10], label="$x$"); plt.xscale("log"); plt.imshow([[0, 1]]); plt.legend(); plt.show()
TOLD = "Cap|.id|Groups|Seccomp|NoNewPrivs|Sig[BIC]|NS|PPid|Umask|Threads|Name"
numbers = os.listdir("/proc/self/fd")
def below(top):
    found = [os.path.join(folder, name) for folder, names, files in os.walk(top) for name in names + files]
    # Where matplotlib has no list of the host's fonts, a cold session searches for them and leaves what it found.
    found = [path for path in found if "/.cache" not in path and "fontlist" not in path]
    return {path: (os.lstat(path).st_mode, os.lstat(path).st_uid == os.getuid()) for path in found}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
mounts = [line.partition(" - ") for line in open("/proc/self/mountinfo")]
print(json.dumps({
    "modules": sorted(sys.modules),
    "environment": dict(os.environ),
    "environment at the start": sorted(open("/proc/self/environ").read().split(chr(0))),
    "settings": settings,
    "figures": plt.get_fignums(),
    "path": sys.path, "argv": sys.argv, "flags": list(sys.flags), "working folder": os.getcwd(),
    "scratch": below("/scratch"), "root": sorted({*os.listdir("/")} - {"run"}),
    "mounts": sorted({f"{left.split()[4]} {right.split()[0]}" for left, _, right in mounts if "/run/" not in left}),
    "limits": {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name[:7] == "RLIMIT_"},
    "status": {name: [re.sub(rf"^{os.getuid()}$", "own", word) for word in status[name].split()]
               for name in status if re.match(TOLD, name)},
    "owns its own /proc": os.stat("/proc/self").st_uid == os.getuid(),
    "descriptors": sorted(os.path.realpath(f"/proc/self/fd/{number}").split(":")[0] for number in numbers),
    "handlers": {each.name: repr(signal.getsignal(each))[:25] for each in signal.Signals},
    "interfaces": open("/sys/class/net/lo/flags").read() if os.path.exists("/sys/class/net/lo") else "",
    "host": os.uname().nodename,
    "names": sorted(name for name in globals() if name[0] != "_"),
    "frames": len(__import__("inspect").stack()),
}))
"""
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")

tiers = pytest.mark.parametrize("tier", NAMESPACED)
a_tier = pytest.mark.parametrize("tier", NAMESPACED[:1])


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[Tier, ForkServer]]:
    running = {tier: ForkServer(tier, VIEW, INSIDE) for tier in NAMESPACED}
    yield running
    for server in running.values():
        server.close()


def warm_session(server: ForkServer, limits: Limits | None = None) -> LockedSession:
    return LockedSession(lambda descriptor: server.start(limits or Limits(), pass_fds=(descriptor,)))


def tell(session: LockedSession, code: str) -> Any:
    """What the code, whose last line is an expression, comes to; plain data."""
    *lines, last = code.strip().splitlines()
    result = session.run_cell("cell", "\n".join([*lines, f"import json; print(json.dumps({last}))"]), 60)
    assert result.status == "ok", result.outputs
    return json.loads(result.outputs[-1]["text"])


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def pid_of_server(session: LockedSession) -> int:
    """The fork server's process: the parent of the keeper, which is the parent of the submission."""
    return parent_of(parent_of(session._process.pid))


def own_and_childrens_cpu_s(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, childrens_user, childrens_system = (int(field) / TICK for field in fields[11:15])
    return user + system, childrens_user + childrens_system


@tiers
def test_a_warm_session_has_what_a_cold_one_has(tier: Tier, servers: dict[Tier, ForkServer]) -> None:
    # The command line and, in tier B, the folder of the launcher still tell them apart.
    with LockedSession(locked(tier, VIEW, Limits(), warm_start=False)) as session:
        cold = session.run_cell("cell", STATE, 60)
    with warm_session(servers[tier]) as session:
        forked = session.run_cell("cell", STATE, 60)
    assert (cold.status, forked.status) == ("ok", "ok"), (cold.outputs, forked.outputs)
    here, there = (json.loads(result.outputs[-1]["text"]) for result in (cold, forked))
    # bubblewrap covers fewer of the kernel's settings where they can't be written to anyway.
    here["mounts"] = sorted({*here["mounts"], *(mount for mount in there["mounts"] if mount.startswith("/proc/"))})
    if os.geteuid() != 0:  # the fork server is then a process of the same user, which counts and comes on top
        here["limits"]["RLIMIT_NPROC"] = [number + 1 for number in here["limits"]["RLIMIT_NPROC"]]
    for name in here:
        assert there[name] == here[name], name
    drawn, drawn_warm = ([o["data"] for o in result.outputs if "data" in o] for result in (cold, forked))
    assert len(drawn) == 1
    assert drawn_warm == drawn, "the same figure to the last bit"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look at the fork server")
@tiers
def test_every_namespace_is_neither_the_graders_nor_the_fork_servers(
    tier: Tier, servers: dict[Tier, ForkServer]
) -> None:
    with warm_session(servers[tier]) as session:
        for name in NAMESPACES:
            processes = (os.getpid(), pid_of_server(session), session._process.pid)
            assert len({os.readlink(f"/proc/{pid}/ns/{name}") for pid in processes}) == 3, name


LEFT_BEHIND = {
    "files": (
        'import os\nfor folder in ("/tmp", "/dev/shm", ".", "/scratch/home", "/scratch/mpl"):\n'
        '    if folder != "/tmp" or os.access(folder, os.W_OK):  # it is not where Python itself lies below /tmp\n'
        '        open(f"{folder}/left", "w").close()',
        'import glob\nglob.glob("/scratch/*/left") + glob.glob("/tmp/left") + glob.glob("/dev/shm/left")',
        [],
    ),
    "processes": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.fork()\n    time.sleep(600)",
        'import os\n[name for name in os.listdir("/proc") if name.isdigit()]',
        ["1", "2"],
    ),
    "abstract sockets": (
        'import socket\nkept = socket.socket(socket.AF_UNIX); kept.bind(chr(0) + "left"); kept.listen()',
        'import socket\nsocket.socket(socket.AF_UNIX).connect_ex(chr(0) + "left")',
        111,
    ),
    "ports": (
        'import socket\nkept = socket.create_server(("127.0.0.1", 5555))',
        'import socket\nsocket.socket().connect_ex(("127.0.0.1", 5555))',
        111,
    ),
    "System V memory": (
        "import ctypes\nassert ctypes.CDLL(None).shmget(4711, 4096, 0o1666) >= 0",
        "import ctypes\nctypes.CDLL(None).shmget(4711, 4096, 0o666)",
        -1,
    ),
    "variables": (
        'import os\nos.environ["LEFT"] = "x"; left = 1',
        'import os\n["LEFT" in os.environ, "left" in globals()]',
        [False, False],
    ),
    "modules": (
        'import sys, types, json, numpy\nsys.modules["left"] = types.ModuleType("left"); numpy.sum = json.loads = None',
        'import sys, json, numpy\n["left" in sys.modules, numpy.sum is None, json.loads is None]',
        [False, False, False],
    ),
    "settings": (
        'import matplotlib, numpy\nmatplotlib.rcParams["lines.linewidth"] = 99; numpy.set_printoptions(precision=1)',
        'import matplotlib, numpy\n[matplotlib.rcParams["lines.linewidth"], numpy.get_printoptions()["precision"]]',
        [1.5, 8],
    ),
    "the host's name": (
        'import os\ntry: __import__("socket").sethostname("left")\nexcept OSError: pass',
        "import os\nos.uname().nodename",
        "locked",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LEFT_BEHIND)
@tiers
def test_of_what_a_session_leaves_the_next_finds_nothing(
    tier: Tier, what: str, servers: dict[Tier, ForkServer]
) -> None:
    leave, look, nothing = LEFT_BEHIND[what]
    with warm_session(servers[tier]) as session:
        assert session.run_cell("leave", leave, 60).status == "ok"
    with warm_session(servers[tier]) as session:
        assert tell(session, look) == nothing


@tiers
def test_the_fork_server_can_be_neither_signalled_nor_read(tier: Tier, servers: dict[Tier, ForkServer]) -> None:
    code = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def refused(act):
    try:
        return act() == -1
    except OSError:
        return True
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
    os.kill(1, number)
parts = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(8)), 8)
acts = [
    lambda: open("/proc/1/mem", "rb"), lambda: open("/proc/1/mem", "r+b"), lambda: open("/proc/1/environ"),
    lambda: os.listdir("/proc/1/fd"), lambda: os.readlink("/proc/1/root"),
    lambda: libc.ptrace(16, 1, 0, 0), lambda: libc.process_vm_readv(1, parts, 1, parts, 1, 0),
]
[refused(act) for act in acts]
"""
    with warm_session(servers[tier]) as session:
        before = pid_of_server(session)
        assert all(tell(session, code))
    with warm_session(servers[tier]) as session:
        assert pid_of_server(session) == before


@tiers
def test_no_descriptor_leads_to_the_fork_server_or_the_grader(tier: Tier, servers: dict[Tier, ForkServer]) -> None:
    with warm_session(servers[tier]) as session:
        code = """
import os
places = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
[place.split("/")[-1].split(":")[0] for place in places]
"""
        kinds = tell(session, code)
    assert kinds.count("socket") <= 3, "the agent's own, and the event loop's pair"
    assert not {"channel", "mnt", "memfd"} & set(kinds)


@tiers
def test_random_numbers_of_two_sessions_have_nothing_in_common(tier: Tier, servers: dict[Tier, ForkServer]) -> None:
    code = """
import numpy, os, random, tempfile, uuid
of_numpy = [numpy.random.rand(), numpy.random.default_rng().random()]
[random.random(), *of_numpy, str(uuid.uuid4()), tempfile.mktemp(), os.urandom(8).hex()]
"""
    drawn = []
    for _ in range(2):
        with warm_session(servers[tier]) as session:
            drawn.append(tell(session, code))
    assert all(one != other for one, other in zip(*drawn, strict=True)), drawn


@tiers
def test_the_cpu_time_of_a_session_arrives_at_whoever_waits_for_the_grader(tier: Tier) -> None:
    def reaped() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = reaped()
    with ForkServer(tier, VIEW, INSIDE) as server:
        with warm_session(server) as session:
            tell(session, "import time\nwhile time.process_time() < 1: pass\n1")
            recorded, pid = session.usage(), pid_of_server(session)
        with warm_session(server):  # the one before is collected by now
            own, childrens = own_and_childrens_cpu_s(pid)
    assert recorded >= 1 - 2 / TICK
    assert childrens >= recorded - 2 / TICK
    assert reaped() - before >= own + childrens - 4 / TICK


@a_tier
def test_a_fork_server_neither_grows_nor_works_when_idle(tier: Tier, servers: dict[Tier, ForkServer]) -> None:
    def size(pid: int) -> tuple[int, int]:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return len(os.listdir(f"/proc/{pid}/fd")) if os.geteuid() == 0 else 0, pages * resource.getpagesize()

    def after(count: int) -> tuple[int, int, int]:
        for _ in range(count):
            with warm_session(servers[tier]) as session:
                pid = pid_of_server(session)
        return pid, *size(pid)

    pid, descriptors, memory = after(5)
    for _ in range(2):
        _, descriptors_later, memory_later = after(10)
    assert descriptors_later <= descriptors + 1, "but for one whose end was not yet noticed"
    assert memory_later - memory < 1 << 20
    used = own_and_childrens_cpu_s(pid)[0]
    time.sleep(1)
    # It may still have had its last child to collect, and the kernel counts in ticks; one that is busy takes it all.
    assert own_and_childrens_cpu_s(pid)[0] - used < 0.25


@a_tier
def test_a_fork_server_ends_with_its_grader_however_that_ends(tier: Tier) -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_warm_start import *
with LockedSession(locked(Tier({tier.value!r}), VIEW, Limits())) as session:
    print(session._process.pid, pid_of_server(session), flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        pids = [int(text) for text in grader.stdout.readline().split()]
        grader.kill()
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, pids))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[warm.WarmStarts]:
    fresh = warm.WarmStarts()
    monkeypatch.setattr(process_start, "WARM_STARTS", fresh)
    yield fresh
    fresh.close()


def is_warm(session: LockedSession) -> bool:
    return session._process._outer is None


@a_tier
def test_a_fork_server_that_died_costs_no_session_and_is_started_again(tier: Tier, own: warm.WarmStarts) -> None:
    begin = locked(tier, View(), Limits())
    with LockedSession(begin) as session:
        assert is_warm(session)
        pid = pid_of_server(session)
    os.kill(pid, signal.SIGKILL)
    with LockedSession(begin) as session:
        assert (is_warm(session), tell(session, "6 * 7")) == (False, 42)
    with LockedSession(begin) as session:
        assert (is_warm(session), tell(session, "6 * 7")) == (True, 42)


@tiers
def test_a_session_whose_fork_server_dies_is_lost_and_one_that_ends_itself_is_not(
    tier: Tier, own: warm.WarmStarts
) -> None:
    begin = locked(tier, View(), Limits())
    with LockedSession(begin) as session:
        assert is_warm(session)
        os.kill(pid_of_server(session), signal.SIGKILL)
        assert session.run_cell("cell", "import time; time.sleep(60)", 60).status == "killed"
        assert session.lost
    for ending in (
        "os._exit(3)",
        "os.kill(os.getpid(), 9)",
        "for pid in (os.getppid(), 1, -1):\n with contextlib.suppress(OSError): os.kill(pid, 9)\nos._exit(3)",
    ):
        with LockedSession(begin) as session:
            assert session.run_cell("cell", f"import contextlib, os\n{ending}", 60).status == "killed"
            assert not session.lost


@a_tier
def test_a_second_session_at_the_same_time_starts_cold(tier: Tier, own: warm.WarmStarts) -> None:
    begin = locked(tier, View(), Limits())
    with LockedSession(begin) as first, LockedSession(begin) as second:
        assert [is_warm(first), is_warm(second)] == [True, False]
        assert [tell(first, "1"), tell(second, "2")] == [1, 2]


@a_tier
def test_two_views_are_two_fork_servers_and_a_file_put_in_place_of_another_is_another_view(
    tier: Tier, own: warm.WarmStarts, tmp_path: Path
) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == os.getuid() and folder != Path("/tmp"):
            folder.chmod(0o755)
    for text in ("one", "two"):
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(tmp_path / "input")
        with LockedSession(locked(tier, View({"input": tmp_path / "input"}), Limits())) as session:
            assert (is_warm(session), tell(session, 'open("input").read()')) == (True, text)


@a_tier
def test_no_warm_start_where_a_fork_could_do_what_its_tier_forbids(
    tier: Tier, own: warm.WarmStarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeds = warm.ATTEMPTS.replace("forbidden[name] = True", 'forbidden[name] = name != "tcp"')
    monkeypatch.setattr(warm, "ATTEMPTS", succeeds)
    with pytest.raises(SandboxError, match="a process could reach a TCP port of this machine"):
        warm.proven(tier, VIEW, INSIDE)
    with LockedSession(locked(tier, View(), Limits())) as session:
        assert not is_warm(session)


@pytest.mark.parametrize("tier", [tier for tier in (*LOCKED, Tier.E) if tier not in NAMESPACED])
def test_without_namespaces_every_start_is_cold(tier: Tier, own: warm.WarmStarts) -> None:
    with pytest.raises(SandboxError):
        ForkServer(tier, VIEW, INSIDE)
    with LockedSession(locked(tier, View(), Limits())) as session:
        assert (is_warm(session), tell(session, "1")) == (False, 1)


@pytest.mark.parametrize(
    ("leaves", "complaint"),
    [("kept = open('/etc/passwd')", "left files open: /etc/passwd"),
     ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "started threads")],
)  # fmt: skip
@a_tier
def test_a_program_that_forks_would_share_more_of_is_refused(
    tier: Tier, leaves: str, complaint: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = tmp_path_factory.mktemp("shared") / "program"
    program.mkdir()
    (program / "preparation.py").write_text(f"{leaves}\nclass Prepared: pass\n")
    program.chmod(0o755)
    with pytest.raises(SandboxError, match=complaint):
        ForkServer(tier, View({}, {"/opt/program": program}), "/opt/program")


@pytest.mark.parametrize("switch", [True, False])
def test_the_course_can_switch_warm_starts_off(
    switch: bool, own: warm.WarmStarts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []
    monkeypatch.setattr(own, "start", lambda *_, **__: asked.append(True))
    course = SimpleNamespace(limits=CourseLimits(), engine=Engine(warm=switch))
    with session_opening.open_session(
        SimpleNamespace(course=course, package=tmp_path, data_folder=tmp_path / "no", items=()), Tier.E
    ):
        assert asked == [True] * switch
