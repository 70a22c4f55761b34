"""A Dask scheduler and worker processes on the loopback interface, as a person would start them."""

import contextlib
import json
import os
import subprocess
import sys

from grading_runs import until

WORKER = ["worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]


class DaskCluster:
    """Ends everything it has started.

    Parameters
    ----------
    folder : Path
        Where its processes work; nothing of a course is there.
    workers : int
    """

    def __init__(self, folder, workers=2):
        self.folder = folder
        self.processes = []
        file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        self.workers = [
            self._start(*WORKER, "--local-directory", str(folder / f"worker_{number}"), self.address)
            for number in range(workers)
        ]

    def _start(self, *command):
        with (self.folder / f"{len(self.processes)}_{command[0]}.txt").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                cwd=self.folder,
                env=os.environ | {"DASK_DISTRIBUTED__DIAGNOSTICS__NVML": "False"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
