"""The costliest headers there are, decoded one after the other in the memory that one of them may take.

Prints the name of each that has ended as a message or a wire error.
"""

from __future__ import annotations

import contextlib
import resource
import signal

from nnkit.kit.locked.program.wire import FROM_AGENT, MEMORY_OF_A_HEADER, WireError, decode

LONG = FROM_AGENT.header
MERSENNE = (1 << 61) - 1  # Python's hash of an int is its remainder by this


def filled(before: bytes, unit: bytes, after: bytes) -> bytes:
    """As many repetitions as fit the longest header."""
    return before + unit * ((LONG - len(before) - len(after)) // len(unit)) + after


HEADERS = {
    "flat lists": filled(b'["k",{},[', b"[],", b"0]]"),
    "deep lists": filled(b'["k",{},[', b"[" * 900 + b"]" * 900 + b",", b"0]]"),
    "dicts": filled(b'["k",{},[', b'{"":{}},', b"0]]"),
    "as many dicts as pass": b'["k",{},[' + b'{"":0},' * 590_000 + b"0]]",
    "as many lists as pass": b'["k",{},[' + b"[[[[[[]]]]]]," * 99_000 + b"0]]",
    "strings": filled(b'["k",{},[', b'"ab",', b"0]]"),
    "floats": filled(b'["k",{},[', b"1e1,", b"0]]"),
    "brackets in strings": filled(b'["k",{"x":"', b"[", b'"},[]]'),
    "escaped quotes without end": filled(b'["k",{"x":"' + b"[" * 700_000, b'\\"', b""),
    "quotes": filled(b'["k",{},[' + b"[" * 700_000, b'"', b""),
    "one wide character": filled(b'["k",{"x":"\\ud83d\\ude00', b"a", b'"},[]]'),
    "a float of a million digits": filled(b'["k",{"x":0.5', b"0", b"1},[]]"),
    "ints as long as Python reads": filled(b'["k",{},[', b"9" * 4299 + b",", b"0]]"),
    "names of fields": b'["k",{' + b",".join(b'"%d":0' % i for i in range(300_000)) + b"},[]]",
    "arrays of no bytes": b'["k",{},[' + b",".join([b'["<f8",[' + b"0," * 31 + b"1]]"] * 50_000) + b"]]",
    "handles": b'["k",{"x":{"l":[' + b",".join(b'{"h":[%d,"x"]}' % i for i in range(190_000)) + b"]}},[]]",
    "keys of one hash": b'["k",{"x":{"d":['
    + b",".join(b"[%d,null]" % (i * MERSENNE + 7) for i in range(1, 100_000))
    + b"]}},[]]",
    "complex keys of one hash": b'["k",{"x":{"d":['
    + b",".join(b'[{"c":[%d.0,%d.0]},null]' % (1000003 * i, -i) for i in range(1, 60_000))
    + b"]}},[]]",
}


def main() -> None:
    for header in HEADERS.values():
        assert len(header) <= LONG
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_OF_A_HEADER, resource.RLIM_INFINITY))
    for name, header in HEADERS.items():
        signal.alarm(60)  # its end, if one of them takes for ever
        with contextlib.suppress(WireError):
            decode(header, b"")
        print(name, flush=True)


if __name__ == "__main__":
    main()
