"""A private PostgreSQL server for tests: its own data, no port, gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "sesame-4711"
OWNER = "teacher"
START_WITHIN_S = 60
# Nothing here has to survive a power cut.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def programs() -> Path | None:
    """The folder of initdb and postgres; Debian does not put it on the path."""
    on_path = shutil.which("initdb")
    if on_path is not None and shutil.which("postgres") is not None:
        return Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda path: float(path.parts[-3]), default=None)
    return None if newest is None else newest.parent


class Server:
    """A running server; connections go over a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://{OWNER}:{password}@/{database}?host={self._folder}"

    def new_database(self, name: str) -> str:
        """Create an empty database; returns its URL."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return self.url(name)


@contextmanager
def running(binaries: Path):
    """Start a server of our own.

    PostgreSQL refuses to be run by root: then an account without rights runs it.
    """
    # Not in pytest's folder: only its owner may enter that, and a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="nnkit-pg-"))
    run_as: dict[str, object] = {"cwd": folder, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    if os.getuid() == 0:
        account = _unprivileged()
        run_as |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        yield from _serve(binaries, folder, run_as)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(binaries, folder, run_as):
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    data = folder / "data"
    made = [f"--pgdata={data}", f"--username={OWNER}", f"--pwfile={secret}", "--auth=scram-sha-256"]
    initialised = subprocess.run(
        [binaries / "initdb", *made, "--encoding=UTF8", "--no-locale", "--no-sync"], **run_as, text=True, timeout=120
    )
    assert initialised.returncode == 0, initialised.stdout
    settings = (f"unix_socket_directories={folder}", "listen_addresses=", *CARELESS)
    command = [binaries / "postgres", "-D", data, *(f"--{setting}" for setting in settings)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, **(run_as | {"stdout": output}))
    try:
        server = Server(folder)
        _await(server, process, log)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # "fast shutdown": open connections are closed
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(server, process, log):
    import psycopg

    deadline = time.monotonic() + START_WITHIN_S
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


def _unprivileged():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("neither postgres nor nobody is an account here")
