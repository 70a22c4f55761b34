"""The wire carries values unchanged, and ends in a value or a WireError whatever the other side sends."""

from __future__ import annotations

import json
import math
import socket
import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnkit.kit.locked.program.channel import Channel, PeerClosed, WireTimeout
from nnkit.kit.locked.program.wire import (
    MAGIC,
    MAX_DEPTH,
    PREFIX,
    Foreign,
    Handle,
    Kept,
    Limits,
    Message,
    WireError,
    decode,
    encode,
    is_plain_array,
    is_plain_key,
    is_plain_scalar,
)

LIMITS = Limits()
SMALL = Limits(header=4096, body=4096)

dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="<"),
    hnp.unsigned_integer_dtypes(endianness="<"),
    hnp.floating_dtypes(endianness="<", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="<", sizes=(64, 128)),
    hnp.unicode_string_dtypes(endianness="<", min_len=1, max_len=8),
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**255), 2**255),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=40),
    st.binary(max_size=40),
    st.builds(Handle, st.integers(0, 2**50), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)),
    st.builds(Foreign, st.integers(0, 2**50)),
)
values = st.recursive(
    st.one_of(scalars, arrays),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


def frame(message: Message, limits: Limits = LIMITS) -> bytes:
    return b"".join(encode(message, limits))


def parsed(data: bytes) -> Message:
    _, header_size, _ = PREFIX.unpack_from(data)
    start = PREFIX.size + header_size
    return decode(data[PREFIX.size : start], data[start:])


def round_trip(value: Any) -> Any:
    return parsed(frame(Message("value", {"it": value}))).fields["it"]


def from_header(fields: Any, table: Any = (), body: bytes = b"") -> Message:
    return decode(json.dumps(["kind", fields, list(table)]).encode(), body)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if type(a) is np.ndarray:
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if type(a) is complex:
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, (float, np.floating)) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b)


@given(values)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert same(round_trip(value), value)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "int8", "uint64", "bool", "<U3"])
def test_a_numpy_scalar_keeps_its_dtype(dtype: str) -> None:
    scalar = np.ones(1, dtype=dtype)[0]
    assert type(round_trip(scalar)) is type(scalar)


@given(arrays)
def test_an_array_arrives_as_a_writable_base_array_of_its_own(array: Any) -> None:
    arrived = round_trip(array)
    assert type(arrived) is np.ndarray
    assert arrived.base is None
    assert arrived.flags.writeable
    assert arrived.flags.c_contiguous


def test_a_transposed_array_arrives_with_its_values() -> None:
    array = np.arange(6.0).reshape(2, 3).T
    assert same(round_trip(array), np.ascontiguousarray(array))


def test_a_big_endian_array_arrives_in_native_order() -> None:
    assert same(round_trip(np.array([1.0, 2.0], dtype=">f8")), np.array([1.0, 2.0]))


def test_an_array_that_occurs_twice_is_sent_once() -> None:
    array = np.zeros(1000)
    assert len(frame(Message("value", {"a": array, "b": [array]}))) < 9000


def test_an_array_that_occurs_twice_arrives_as_one() -> None:
    array = np.zeros(3)
    first, second = round_trip([array, array])
    assert first is second


def test_an_array_with_a_number_keeps_both() -> None:
    kept = round_trip(Kept(np.arange(3), 7))
    assert (kept.number, list(kept.array)) == (7, [0, 1, 2])


class Liar(np.ndarray[Any, Any]):
    """A subclass, which may answer as it likes."""


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2).view(Liar),
        np.array([None]),
        np.zeros(2, dtype=np.longdouble),
        np.zeros(2, dtype="datetime64[s]"),
        np.zeros(2, dtype=[("a", "f8")]),
        np.longdouble(1),
        object(),
        {1, 2},
        2**300,
        type("Text", (str,), {})("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_plain_form_is_refused_by_the_sender(value: Any) -> None:
    with pytest.raises(WireError):
        frame(Message("value", {"it": value}))


def test_a_message_above_the_limit_is_refused_by_the_sender() -> None:
    with pytest.raises(WireError, match="larger than the wire allows"):
        frame(Message("value", {"it": np.zeros(1000)}), SMALL)


def test_a_value_that_contains_itself_is_refused_by_the_sender() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(WireError, match="deeply"):
        frame(Message("value", {"it": endless}))


LONE = "half a pair: \ud800"


@pytest.mark.parametrize("text", [LONE, LONE * 1000], ids=["short", "long"])
def test_text_that_is_no_unicode_is_mended_by_the_sender(text: str) -> None:
    assert round_trip(text) == text.replace("\ud800", "?")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.array(["a\U0001f600"]), True),
        (np.array(["a"], dtype=">U2"), True),
        (np.array([["ab", LONE]])[:, ::-1], False),
        (np.zeros((0, 3)), True),
        (np.zeros((0, 1 << 40)), False),
        (np.zeros((1,) * 32), True),
        (np.zeros(2).view(Liar), False),
    ],
    ids=lambda value: "",
)
def test_an_array_is_plain_if_it_can_be_rebuilt_as_it_is(value: Any, plain: bool) -> None:
    assert is_plain_array(value) is plain
    if plain:
        assert same(round_trip(value), value.astype(value.dtype.newbyteorder("<")))


def test_a_string_that_is_no_unicode_is_no_plain_value() -> None:
    assert [is_plain_scalar(text) for text in ("ö", LONE, np.str_("ö"), np.str_(LONE))] == [True, False, True, False]


@pytest.mark.parametrize(
    ("key", "plain"), [("a", True), (2**59, True), (2**61, False), (1.5, True), (1j, False), (np.int64(3), True)]
)
def test_a_key_is_plain_if_nobody_can_choose_its_hash(key: Any, plain: bool) -> None:
    assert is_plain_key(key) is plain
    if plain:
        assert round_trip({key: 1}) == {key: 1}
    else:
        with pytest.raises(WireError, match="key"):
            round_trip({key: 1})


@settings(max_examples=300)
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_random_bytes_are_a_wire_error(header: bytes, body: bytes) -> None:
    with pytest.raises(WireError):
        decode(header, body)


json_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
dtype_names = st.sampled_from(["<f8", "|b1", "<U2", "text", "|O8", "<f9", "<U0"])
json_values = st.recursive(
    json_scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(list("antluhkdcfbx")), inner, min_size=1, max_size=1),
        st.tuples(dtype_names, st.lists(st.integers(-1, 9), max_size=3)),
    ),
    max_leaves=20,
)


@settings(max_examples=500)
@given(json_values, st.lists(json_values, max_size=3), st.binary(max_size=60))
def test_a_header_of_any_form_is_a_message_or_a_wire_error(fields: Any, table: Any, body: bytes) -> None:
    try:
        message = from_header({"it": fields}, table, body)
    except WireError:
        return
    assert isinstance(message, Message)


@settings(max_examples=300)
@given(values, st.data())
def test_a_changed_byte_is_a_message_or_a_wire_error(value: Any, data: st.DataObject) -> None:
    whole = bytearray(frame(Message("value", {"it": value})))
    place = data.draw(st.integers(PREFIX.size, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    try:
        message = parsed(bytes(whole))
    except WireError:
        return
    assert isinstance(message, Message)


@pytest.mark.parametrize(
    ("table", "body"),
    [
        ([["<f8", [1 << 39]]], b"\0" * 8),
        ([["<f8", [1 << 30, 1 << 30, 1 << 30]]], b""),
        ([["<f8", [0, 1 << 62]]], b""),
        ([["<U1024", [1 << 38]]], b"\0" * 8),
        ([["<f8", [-1]]], b""),
        ([["<f8", [True]]], b"\0" * 8),
        ([["<f8", [1.0]]], b"\0" * 8),
        ([["<f8", [1] * 40]], b"\0" * 8),
        ([["<f8", [2]]], b"\0" * 8),
        ([["<f8", [1]]], b"\0" * 9),
        ([["|O8", [1]]], b"\0" * 8),
        ([["<M8[s]", [1]]], b"\0" * 8),
        ([["<f16", [1]]], b"\0" * 16),
        ([[">f8", [1]]], b"\0" * 8),
        ([["<U0", [1]]], b""),
        ([["|b1", [1]]], b"\2"),
        ([["<U1", [1]]], b"\xff\xff\xff\xff"),
        ([["<U1", [1]]], b"\x00\xd8\0\0"),
        ([["<f8", [0, 1 << 28]]], b""),
        ([["<f8", [[1]]]], b"\0" * 8),
        ([["<f8", [1], 0]], b"\0" * 8),
        ([["V8", [1]]], b"\0" * 8),
        ([["<f8,<f8", [1]]], b"\0" * 16),
        ([["<f\u0664", [1]]], b"\0" * 4),
        ([["text", [4]]], b"abcd"),
    ],
)
def test_an_array_that_lies_about_itself_is_refused_without_room_being_made(table: Any, body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            from_header({"it": {"a": 0}}, table, body)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "tree",
    [
        {"a": 0},
        {"a": -1},
        {"a": True},
        {"pickle": "x"},
        {"h": [1]},
        {"h": [-1, "x"]},
        {"h": [1 << 60, "x"]},
        {"f": "1"},
        {"c": [1, 2]},
        {"d": [[[1], 2]]},
        {"d": [[{"l": []}, 2]]},
        {"t": {"t": []}},
        {},
        {"t": [], "l": []},
        [],
        2**300,
        "\ud800",
        {"a": "0"},
        {"n": None},
        {"u": 0},
        {"h": [1, "a\nb"]},
        {"h": [1, "\u00e9"]},
        {"k": [0, 1]},
        {"k": [1]},
        {"d": [[{"c": [1.0, 2.0]}, 2]]},
        {"d": [[1, 2, 3]]},
        {"d": {"a": 1}},
    ],
    ids=ascii,
)
def test_a_value_of_unknown_form_is_refused(tree: Any) -> None:
    with pytest.raises(WireError):
        from_header({"it": tree})


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b'["k",{}]',
        b'["k",[],[]]',
        b"[3,{},[]]",
        b'["k",{},{}]',
        b'["k",{},[]]]',
        b'["\xc3\xa9",{},[]]',
        b'["' + b"k" * 41 + b'",{},[]]',
        b'["k",{"' + b"x" * 41 + b'":1},[]]',
        b'["k",{"\\u00e9":1},[]]',
    ],
    ids=ascii,
)
def test_a_header_of_unknown_form_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        decode(header, b"")


def test_deep_nesting_is_refused() -> None:
    tree: Any = None
    for _ in range(MAX_DEPTH + 2):
        tree = {"l": [tree]}
    with pytest.raises(WireError, match="deeply"):
        from_header({"it": tree})


def test_nesting_beyond_what_json_can_read_is_refused() -> None:
    with pytest.raises(WireError):
        decode(b'["k",{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"},[]]", b"")


def test_very_many_items_are_refused() -> None:
    with pytest.raises(WireError, match="items"):
        from_header({"it": {"l": [None] * 300_000}})


@pytest.fixture
def ends() -> Any:
    a, b = socket.socketpair()
    yield Channel(a, LIMITS, SMALL), b
    a.close()
    b.close()


def soon() -> float:
    return time.monotonic() + 0.05


def test_a_frame_that_claims_more_than_the_limit_is_refused_before_it_is_read(ends: Any) -> None:
    channel, peer = ends
    peer.sendall(PREFIX.pack(MAGIC, 10, 1 << 40))
    with pytest.raises(WireError, match="claims"):
        channel.receive(soon())


def test_a_frame_with_other_magic_bytes_is_refused(ends: Any) -> None:
    channel, peer = ends
    peer.sendall(PREFIX.pack(b"HTTP", 10, 10))
    with pytest.raises(WireError, match="magic"):
        channel.receive(soon())


def test_a_peer_that_says_nothing_ends_in_a_timeout(ends: Any) -> None:
    with pytest.raises(WireTimeout):
        ends[0].receive(soon())


def test_a_peer_that_stops_in_the_middle_of_a_frame_ends_in_a_timeout(ends: Any) -> None:
    channel, peer = ends
    peer.sendall(frame(Message("value", {"it": "x" * 100}))[:-5])
    with pytest.raises(WireTimeout):
        channel.receive(soon())


def test_a_frame_that_was_late_is_read_from_where_it_stopped(ends: Any) -> None:
    channel, peer = ends
    whole = frame(Message("value", {"it": "late"}))
    peer.sendall(whole[:-5])
    with pytest.raises(WireTimeout):
        channel.receive(soon())
    peer.sendall(whole[-5:])
    assert channel.receive(time.monotonic() + 5).fields == {"it": "late"}


def test_a_peer_that_sends_a_byte_now_and_then_ends_in_a_timeout(ends: Any) -> None:
    channel, peer = ends
    stop = threading.Event()

    def trickle() -> None:
        for byte in frame(Message("value", {"it": "x" * 1000})):
            peer.send(bytes([byte]))
            if stop.wait(0.01):
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        with pytest.raises(WireTimeout):
            channel.receive(soon())
    finally:
        stop.set()
        thread.join()


def test_a_peer_that_does_not_read_ends_in_a_timeout(ends: Any) -> None:
    with pytest.raises(WireTimeout):
        ends[0].send(Message("value", {"it": np.zeros(1 << 20)}), soon())


def test_a_peer_that_hangs_up_is_told_apart(ends: Any) -> None:
    channel, peer = ends
    peer.close()
    with pytest.raises(PeerClosed):
        channel.receive(soon())


def test_two_frames_that_arrive_together_are_two_messages(ends: Any) -> None:
    channel, peer = ends
    peer.sendall(frame(Message("one")) + frame(Message("two")))
    assert [channel.receive(soon()).kind for _ in range(2)] == ["one", "two"]
