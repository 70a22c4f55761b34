"""The shell without the message layer gives the outputs that a Jupyter kernel gives."""

from __future__ import annotations

import os
import re
import threading
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.sandbox import Limits, Tier, View

pytestmark = pytest.mark.slow

# Name, source. The cells run in this order, in one namespace.
CELLS = {
    "prints": "print('one')\nprint('two', end='')\nfor i in range(3):\n    print(i)",
    "stderr between prints": "import sys\nprint('out')\nprint('err', file=sys.stderr)",
    "last expression": "x = 6 * 7\nx",
    "trailing semicolon": "x;",
    "underscore": "_ + 1",
    "display": "from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>bold</b>'))\nMarkdown('*text*')",
    "rich representation": "class Rich:\n    def _repr_html_(self): return '<i>rich</i>'\nRich()",
    "representation that raises": "class Broken:\n    def __repr__(self): raise ValueError('no repr')\nBroken()",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('a figure');",
    "two figures": "plt.plot([1]); print('between')\nplt.figure(); plt.plot([2]); plt.show()\nprint('after')",
    "figure object": "fig, ax = plt.subplots()\nax.plot([3, 1])\nfig",
    "matplotlib magic": "%matplotlib inline\nplt.rcParams['figure.dpi'] > 0",
    "error": "def divide(a, b):\n    return a / b\nprint('before')\ndivide(1, 0)",
    "chained error": "try:\n    divide(1, 0)\nexcept ZeroDivisionError as e:\n    raise KeyError('lost') from e",
    "syntax error": "def broken(:\n    pass",
    "system exit": "raise SystemExit(3)",
    "assertion": "assert x == 41, 'x is not 41'",
    "timeit": "%timeit -n 1 -r 1 sum(range(10))",
    "cell time": "%%time\nprint('timed')\n'value'",
    "capture": "%%capture caught\nprint('hidden')",
    "captured": "caught.stdout",
    "line magics": "%load_ext autoreload\n%autoreload 2\n%precision 3\n3.14159265",
    "unknown magic": "%nosuchmagic 1",
    "bash": "%%bash\necho from bash\necho to stderr >&2",
    "shell command": "!echo hello from the shell",
    "shell capture": "lines = !printf 'a\\nb\\n'\nlines",
    "background command": "!sleep 1 &",
    "help": "len?",
    "update display": "handle = display('first', display_id='shared')\nprint('in between')\nhandle.update('second')",
    "update from a later cell": "handle.update('third')",
    "clear output": "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')",
    "clear output waiting": "print('replaced')\nclear_output(wait=True)\nprint('replacement')",
    "clear output at the end": "print('kept')\nclear_output(wait=True)",
    "await": "import asyncio\nasync def later():\n    await asyncio.sleep(0.01)\n    return 'awaited'\nawait later()",
    "await error": "async def fails():\n    await asyncio.sleep(0)\n    raise ValueError('late')\nawait fails()",
    "event loop": "asyncio.get_running_loop().is_running()",
    "input": "input('your name? ')",
    "password": "import getpass\ngetpass.getpass()",
    "warning": "import warnings\nwarnings.warn('look out')",
    "numpy warning": "import numpy as np\nnp.array([1.0]) / 0",
    "progress bar": "from tqdm import tqdm\nfor _ in tqdm(range(5), desc='steps'):\n    pass",
    "carriage returns": "for i in range(4):\n    print(f'\\rstep {i}', end='')\nprint()",
    # A kernel learns in a thread of its own what came by a descriptor: later than the cell's end if that comes at once.
    "descriptor": "import os, time\nwritten = os.write(1, b'straight to the descriptor\\n')\ntime.sleep(1)",
    "child process": "import subprocess\nchild = subprocess.run(['echo', 'from a child'])\ntime.sleep(1)",
    "get_ipython": "type(get_ipython()).__name__, __name__",
    "long array": "np.arange(2000)",
    "interrupt": "import time\nprint('waiting')\ntime.sleep(60)",
    "after the interrupt": "print('still here')",
    "history": "len(In) > 40, Out[3]",
}
INTERRUPTED = {"interrupt"}
INTERRUPT_AFTER = 1.0

_PATTERNS = [
    (re.compile(r"[^\n]*\r(?=[^\n])"), ""),
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"0x[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"\S*ipykernel_\d+/\d+\.py|/notebook/cell_\d+\.py"), "CELL"),
    (re.compile(r"\((\d+|cell_\d+)\.py, line"), "(CELL, line"),
    (re.compile(r"File \S+?:\d+"), "File PATH"),
    (re.compile(r"\d+(\.\d+)?( ± \d+(\.\d+)?)? ?(ns|us|µs|μs|ms|s)\b"), "TIME"),
    (re.compile(r"\d+:\d+(<\d+:\d+)?|[\d.]+it/s|\?it/s"), "RATE"),
    (re.compile(r"-{20,}"), "---"),
]


def normal_text(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text.rstrip()


def normal(output: dict[str, Any]) -> dict[str, Any]:
    """An output without what differs from run to run: times, addresses, file names, frames of the shell itself."""
    kind = output["output_type"]
    if kind == "stream":
        return {"kind": kind, "name": output["name"], "text": normal_text(output["text"])}
    if kind == "error":
        lines = [normal_text(line) for line in output["traceback"]]
        own = [line for line in lines if not re.match(r"(File PATH|CELL)", line)]
        return {"kind": kind, "ename": output["ename"], "evalue": normal_text(output["evalue"]), "traceback": own}
    bundle = output["data"].items()
    data = {mime: "PNG" if mime == "image/png" else normal_text("".join(value)) for mime, value in bundle}
    return {"kind": kind, "data": data, "metadata": dict(output["metadata"]), "count": output.get("execution_count")}


def normal_cell(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A cell's outputs, pieces of a stream joined, and stdout before stderr: a kernel sends them by two threads."""
    merged: list[dict[str, Any]] = []
    for output in outputs:
        streams = [last for last in merged[-2:] if last["output_type"] == "stream"]
        same = [last for last in streams if output["output_type"] == "stream" and last["name"] == output["name"]]
        if same and (merged[-1] is same[-1] or len(streams) == 2):
            same[-1]["text"] += output["text"]
        elif streams and streams[-1] is merged[-1] and output["output_type"] == "stream" and output["name"] == "stdout":
            merged.insert(-1, dict(output))
        else:
            merged.append(dict(output))
    return [normal(output) for output in merged]


@pytest.fixture(scope="module")
def kernel_outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    names = list(CELLS)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path_factory.mktemp("kernel"))}},
    )
    interrupts: list[threading.Timer] = []

    def interrupt_some(cell: Any, cell_index: int, **_: Any) -> None:
        if names[cell_index] in INTERRUPTED:
            interrupts.append(threading.Timer(INTERRUPT_AFTER, lambda: client.km.provisioner.process.send_signal(2)))
            interrupts[-1].start()

    client.on_cell_execute = interrupt_some
    # The kernel does not watch its descriptors when it believes to be under test.
    client.execute(env={name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"})
    return {name: cell.outputs for name, cell in zip(names, notebook.cells, strict=True)}


@pytest.fixture(scope="module")
def shell_outputs() -> dict[str, list[dict[str, Any]]]:
    with LockedSession(locked(Tier.E, View(), Limits())) as session:
        results = {
            name: session.run_cell(name, source, INTERRUPT_AFTER if name in INTERRUPTED else 60.0)
            for name, source in CELLS.items()
        }
    return {name: result.outputs for name, result in results.items()}


@pytest.mark.parametrize("name", list(CELLS))
def test_cell_has_the_same_outputs(name: str, kernel_outputs: Any, shell_outputs: Any) -> None:
    assert normal_cell(shell_outputs[name]) == normal_cell(kernel_outputs[name])


def test_outputs_are_valid_notebook_outputs(shell_outputs: Any) -> None:
    cells = [nbformat.v4.new_code_cell(CELLS[name]) for name in CELLS]
    for cell, outputs in zip(cells, shell_outputs.values(), strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in outputs]
    nbformat.validate(nbformat.v4.new_notebook(cells=cells))
