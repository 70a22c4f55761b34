"""A headless browser, a formgrader to look at with it, and a server that nobody should ask for anything."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nnkit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars"),
)


@contextmanager
def canary():
    """A web server and the list of the paths it is asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def visit(address, canary_port, *options):
    """Open a page, let its scripts run, and return its document as it is then."""
    with tempfile.TemporaryDirectory() as profile:
        command = _command(profile, canary_port, "--virtual-time-budget=4000", *(options or ["--dump-dom"]), address)
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, env={**os.environ, "HOME": profile})
    assert done.returncode == 0, done.stderr
    return done.stdout


def comes_to(address, canary_port, happened):
    """Open a page, which may never come to rest, until something has happened; tells whether it has."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = _command(profile, canary_port, "--remote-debugging-port=0", address)
        null = subprocess.DEVNULL
        browser = subprocess.Popen(command, stdout=null, stderr=null, env={**os.environ, "HOME": profile})
        try:
            deadline = time.monotonic() + 180
            while not happened() and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            browser.terminate()
            browser.wait(30)
    return happened()


def _command(profile, canary_port, *options):
    rules = f"MAP canary.invalid:80 127.0.0.1:{canary_port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    return [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--host-resolver-rules={rules}", *options]


@contextmanager
def formgrader(course_root: Path):
    """The address of a Jupyter server with nbgrader's formgrader for a course."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "JUPYTER_CONFIG_DIR": home, "JUPYTER_DATA_DIR": home}
        # The course has a folder nnkit of its own, and nbgrader puts the current folder first.
        environment["PYTHONPATH"] = str(Path(nnkit.__file__).parents[1])
        extensions = {"nbgrader.server_extensions.formgrader": True, "jupyterlab": False, "notebook": False}
        settings = {"ip": "127.0.0.1", "port": port, "port_retries": 0, "root_dir": str(course_root)}
        settings |= {"open_browser": False, "allow_root": True, "jpserver_extensions": extensions}
        config = {"ServerApp": settings, "IdentityProvider": {"token": ""}}
        (Path(home) / "jupyter_server_config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "jupyter_server"]
        with (Path(home) / "log").open("w+") as log:
            server = subprocess.Popen(command, cwd=course_root, env=environment, stdout=log, stderr=log)
            try:
                _wait_for(f"http://127.0.0.1:{port}/api", server, log)
                yield f"http://127.0.0.1:{port}/formgrader"
            finally:
                server.terminate()
                server.wait(30)


def _wait_for(address, server, log):
    deadline = time.monotonic() + 180
    while True:
        try:
            return urllib.request.urlopen(address, timeout=10).read()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise AssertionError(f"the server does not answer:\n{log.read()}") from None
            time.sleep(0.2)
