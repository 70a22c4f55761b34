"""What one frame may cost the grader, whatever it says: memory and time in proportion to its length."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tracemalloc
from typing import Any

import pytest
import wire_costly

from nnkit.kit.locked.outputs import CellOutputs, Displays
from nnkit.kit.locked.program.weight import branches
from nnkit.kit.locked.program.wire import WireError, decode


def test_no_header_costs_more_memory_than_stated() -> None:
    """Nor more than seconds: a dict of keys that all have one hash would take minutes."""
    argv = [sys.executable, wire_costly.__file__]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines() == list(wire_costly.HEADERS), done.stdout + done.stderr[-2000:]


SHARED = {
    "text": ('{"u":0}', "text", 1 << 20),
    "bytes": ('{"b":0}', "text", 1 << 20),
    "arrays": ('{"a":0}', "|u1", 1 << 20),
    "kept arrays": ('{"k":[0,1]}', "|u1", 1 << 20),
    "strings of NumPy": ('{"n":0}', "<U1024", 4096),
}


@pytest.mark.parametrize("name", list(SHARED))
def test_many_references_to_the_same_bytes_cost_them_once(name: str) -> None:
    reference, dtype, size = SHARED[name]
    shape: list[Any] = [] if dtype == "<U1024" else [size]
    header = f'["k",{{"x":{{"l":[{",".join([reference] * 2000)}]}}}},[["{dtype}",{shape}]]]'.encode()
    tracemalloc.start()
    try:
        decode(header, b"\0" * size)
        assert tracemalloc.get_traced_memory()[1] < 4 * size + (4 << 20)
    finally:
        tracemalloc.stop()


def test_more_text_than_the_wire_carries_is_refused_before_it_is_decoded() -> None:
    header = b'["k",{"x":{"l":[{"u":0},{"u":1}]}},[["text",[20971520]],["text",[20971520]]]]'
    with pytest.raises(WireError, match="too much text"):
        decode(header, bytes(40 << 20))


CHILD = """
import resource, socket, threading, time
from nnkit.kit.locked.program.channel import Channel
from nnkit.kit.locked.program.wire import MAGIC, PREFIX, Limits
BODY = 64 << 20
ours, theirs = socket.socketpair()
header = b'["k",{"x":{"a":0}},[["<f8",[8388608]]]]'
def speak():
    theirs.sendall(PREFIX.pack(MAGIC, len(header), BODY) + header)
    for _ in range(64):
        theirs.sendall(bytes(1 << 20))
threading.Thread(target=speak, daemon=True).start()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {room}, resource.RLIM_INFINITY))
channel = Channel(ours, Limits(), Limits(header=1 << 20, body=BODY))
print(channel.receive(time.monotonic() + 60).fields["x"].shape)
"""


def test_a_body_costs_at_most_three_times_its_length() -> None:
    program = textwrap.dedent(CHILD).replace("{room}", str(3 * (64 << 20)))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "(8388608,)", done.stderr[-2000:]


def test_brackets_inside_strings_are_text() -> None:
    assert branches('["[[[", "a\\"[", {"b": "}{"}]', enough=0) == 2


def test_an_unclosed_string_reaches_to_the_end() -> None:
    assert branches('[] "[[[\\', enough=0) == 1


def report(event: bytes) -> bytes:
    return b"[" + event + b"]"


def display(data: bytes, metadata: bytes = b"{}") -> bytes:
    return b'{"type":"display_data","data":' + data + b',"metadata":' + metadata + b"}"


BAD_REPORTS = {
    "nested deeply": report(display(b'{"text/plain":' + b"[" * 970 + b"]" * 970 + b"}")),
    "nested beyond what JSON can read": b"[" * 5000,
    "UTF-16": '[{"type":"clear_output"}]'.encode("utf-16"),
    "no list": b'{"type":"stream"}',
    "no event": b"[3]",
    "a type that is no text": b'[{"type":[]}]',
    "an unknown stream": b'[{"type":"stream","name":[],"text":"x"}]',
    "a display without metadata": b'[{"type":"display_data","data":{}}]',
}


@pytest.mark.parametrize("name", list(BAD_REPORTS))
def test_a_report_of_outputs_that_is_none_is_a_wire_error(name: str) -> None:
    with pytest.raises(WireError):
        CellOutputs(4_000_000, Displays()).apply(BAD_REPORTS[name])


def test_outputs_are_text_that_can_be_written_to_a_file() -> None:
    outputs = CellOutputs(1000, Displays())
    outputs.apply(b'[{"type":"stream","name":"stdout","text":"\\ud800"}]')
    outputs.apply(report(display(b'{"text/plain":"\\udfff","a\\ud800":["\\ud800"]}', b'{"\\ud800":{"x":"\\ud800"}}')))
    str(outputs.finish()).encode()


def test_a_display_in_many_places_uses_up_the_budget_as_often_as_it_is_written() -> None:
    displays, budget = Displays(), 100_000
    outputs = CellOutputs(budget, displays)
    for _ in range(100):
        outputs.apply(report(b'{"type":"display_data","data":{"text/plain":"x"},"metadata":{},"display_id":"d"}'))
    update = '{"type":"update_display_data","data":{"text/plain":"%s"},"metadata":{},"display_id":"d"}'
    later = CellOutputs(budget, displays)
    later.apply(report((update % ("y" * 50_000)).encode()))
    assert later.used > 100 * 50_000
    assert sum(len(output["data"]["text/plain"]) for output in outputs.finish()) < 2 * budget + (1 << 20)


def test_a_progress_display_is_updated_to_its_end() -> None:
    outputs = CellOutputs(100_000, Displays())
    outputs.apply(report(b'{"type":"display_data","data":{"text/plain":"0"},"metadata":{},"display_id":"bar"}'))
    update = '{"type":"update_display_data","data":{"text/plain":"%d"},"metadata":{},"display_id":"bar"}'
    for step in range(1000):
        outputs.apply(report((update % step).encode()))
    assert outputs.finish()[0]["data"]["text/plain"] == "999"


def test_metadata_that_is_all_brackets_uses_up_the_budget() -> None:
    outputs = CellOutputs(4_000_000, Displays())
    tracemalloc.start()
    try:
        for _ in range(20):
            outputs.apply(report(display(b"{}", b'{"x":[' + (b"[" * 30 + b"]" * 30 + b",") * 5000 + b"0]}")))
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()
