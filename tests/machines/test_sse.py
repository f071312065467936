"""The decoder of server-sent events, against the text of the standard."""

import gc
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from viber.errors import ServerError
from viber.machines import ServerSentEvent, SseDecoder

Event = tuple[str, str, str, int | None]


def naive(stream: bytes) -> list[Event]:
    """The standard's algorithm, read aloud: decode, split into lines, take one line after the other."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, _ = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    events: list[Event] = []
    data, kind, last_id, retry = "", "", "", None
    for line in lines:
        if not line:
            if data:
                events.append((data.removesuffix("\n"), kind or "message", last_id, retry))
            data, kind = "", ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and value and all(char in "0123456789" for char in value):
            retry = int(value)
    return events


def told(events: Iterable[ServerSentEvent]) -> list[Event]:
    return [(event.text, event.event, event.id, event.retry) for event in events]


def decoded(chunks: Iterable[bytes], decoder: SseDecoder | None = None) -> list[Event]:
    decoder = decoder or SseDecoder()
    return told(event for chunk in chunks for event in decoder.feed(chunk))


def cut(stream: bytes, places: Iterable[int]) -> Iterator[bytes]:
    edges = [0, *sorted({place for place in places if place < len(stream)}), len(stream)]
    return (stream[a:b] for a, b in pairwise(edges))


CASES = {
    "CR LF ends lines": (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
    "LF ends lines": (b"data: a\n\ndata: b\n\n", ["a", "b"]),
    "a lone CR ends lines": (b"data: a\r\rdata: b\r\r", ["a", "b"]),
    "line ends may be mixed": (b"data: a\r\r\ndata: b\n\r\ndata: c\r\n\n", ["a", "b", "c"]),
    "one byte order mark is dropped": (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
    "a second byte order mark is text": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", ["b"]),
    "a comment is nothing": (b": ping\ndata: a\n:\n\n: pong\n\n", ["a"]),
    "one space after the colon is dropped": (b"data:a\n\ndata:  b\n\ndata:\n\n", ["a", " b", ""]),
    "a field may have no colon": (b"data\n\ndata\ndata\n\n", ["", "\n"]),
    "data lines join by LF": (b"data: a\r\ndata: b\r\n\r\n", ["a\nb"]),
    "an event without data is none": (b"event: x\n\ndata: a\n\n", ["a"]),
    "an unknown field is ignored": (b"colour: red\ndata: a\nDATA: b\n\n", ["a"]),
    "an unfinished block is no event": (b"data: a\n\ndata: b\n", ["a"]),
    "bad UTF-8 is replaced": (b"data: \xff\xe2\x82\n\n", ["\ufffd\ufffd"]),
    "other separators are text": (
        "data: \u2028\u2029\x85\x0b\x0c\x1c\n\n".encode(),
        ["\u2028\u2029\x85\x0b\x0c\x1c"],
    ),
    "[DONE] is data": (b"data: [DONE]\n\n", ["[DONE]"]),
}


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES.keys())
def test_the_rules_of_the_standard(stream: bytes, expected: list[str], size: int) -> None:
    """Each rule holds for a stream that comes whole and for one that comes byte by byte."""
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [event[0] for event in decoded(chunks)] == expected
    assert decoded(chunks) == naive(stream)


def test_fields_beside_the_data() -> None:
    """The type belongs to one event; the id and the reconnection time stay until they are told anew."""
    stream = b"event: x\nid: 7\nretry: 250\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"
    assert decoded([stream]) == [("a", "x", "7", 250), ("b", "message", "7", 250), ("c", "message", "", 250)]


@pytest.mark.parametrize("line", [b"retry: -1", b"retry: 1.5", b"retry:", b"retry: \xd9\xa3", b"id: a\0b"])
def test_a_malformed_field_changes_nothing(line: bytes) -> None:
    """A retry that is not all ASCII digits and an id with NUL are ignored."""
    stream = b"id: 1\nretry: 9\n" + line + b"\ndata: a\n\n"
    assert decoded([stream]) == [("a", "message", "1", 9)]


def test_a_lone_cr_dispatches_at_once() -> None:
    """An event that ends with CR does not wait for the LF that may follow."""
    decoder = SseDecoder()
    assert decoded([b"data: a\r\r"], decoder) == [("a", "message", "", None)]
    assert decoded([b"\ndata: b\r\n\r\n"], decoder) == [("b", "message", "", None)]


FIELDS = [b"data", b"data: ", b"data:x", b"event: e", b"id: 1", b"retry: 5", b":", b" ", b"junk", b'{"a": 1}']
ENDS = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n"]
ODDITIES = [b"\xef\xbb\xbf", b"\xff", "é\u2028".encode(), b"\0"]
fragments = st.sampled_from([*FIELDS, *ENDS, *ODDITIES])
streams = st.lists(fragments, max_size=30).map(b"".join) | st.binary(max_size=80)


@given(streams, st.lists(st.integers(0, 200), max_size=12))
@example(b"data: a\r\n\r\ndata: b\r\n\r\n", [8, 9, 10])
def test_any_stream_at_any_chunking_is_the_standard(stream: bytes, places: list[int]) -> None:
    """However a stream is cut, its events are those of the standard's own algorithm."""
    assert decoded(cut(stream, places)) == naive(stream)


LONG = b"x" * 1100
long_streams = st.lists(fragments | st.just(b"data: " + LONG), min_size=1, max_size=12).map(
    lambda parts: LONG + b"".join(parts)
)


@given(long_streams, st.lists(st.integers(0, 5000), max_size=4))
@example(LONG + b"\ndata: a\r\rdata: " + LONG + b"\r\ndata: \r\r\n\r\n", [])
def test_long_lines_are_read_as_short_ones_are(stream: bytes, places: list[int]) -> None:
    """Lines that are searched for instead of split are the same lines."""
    assert decoded(cut(stream, places)) == naive(stream)


@given(streams, st.lists(st.integers(0, 200), max_size=12))
@example(b"data: a\r", [])
def test_the_unfinished_event_is_told_apart(stream: bytes, places: list[int]) -> None:
    """What a blank line would have dispatched at the end is returned by finish, and by nothing else."""
    decoder = SseDecoder()
    events = decoded(cut(stream, places), decoder)
    last = decoder.finish()
    assert events + told([last] if last else []) == naive(stream + b"\n\n")


def test_what_is_no_field_is_kept_aside() -> None:
    """Lines outside the protocol can be asked for: a server's error that is not an event is among them."""
    decoder = SseDecoder()
    assert decoded([b'data: a\r\n\r\n{\n  "error": {\n', b"}\n}"], decoder) == [("a", "message", "", None)]
    assert decoder.finish() is None
    assert decoder.strays == b'{\n  "error": {\n}\n}'


def test_what_is_kept_aside_is_bounded() -> None:
    """A server that speaks something else altogether does not fill the memory."""
    decoder = SseDecoder()
    for _ in range(300):
        decoder.feed(b"x" * 999 + b"\n")
    assert len(decoder.strays) < 70_000


def refused(decoder: SseDecoder, chunks: Iterable[bytes]) -> tuple[list[Event], ServerError]:
    events: list[Event] = []
    try:
        for chunk in chunks:
            events += told(decoder.feed(chunk))
        decoder.finish()
    except ServerError as error:
        return events, error
    raise AssertionError("nothing was refused")


@given(st.integers(1, 60))
def test_an_event_too_large_is_refused_at_any_chunking(size: int) -> None:
    """The bound is on the event: what came before it is delivered first, whatever the pieces."""
    stream = b"data: ok\n\ndata: 0123456789\ndata: 0123456789\n\ndata: never\n\n"
    decoder = SseDecoder(max_event_bytes=30)
    events, error = refused(decoder, cut(stream, range(0, len(stream), size)))
    assert [event[0] for event in events] == ["ok"]
    assert "larger than 30 bytes" in error.message
    assert not error.retryable
    with pytest.raises(ServerError, match="larger"):
        decoder.finish()


def test_an_endless_line_is_refused() -> None:
    """A line without an end is not collected beyond the bound."""
    _, error = refused(SseDecoder(max_event_bytes=1000), [b"x" * 100] * 20)
    assert "larger than 1000 bytes" in error.message


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No garbage collection: it walks every object of the test run, and that is not the decoder's work."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _seconds(stream: bytes, size: int) -> float:
    decoder = SseDecoder()
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    started = time.process_time()
    for chunk in chunks:
        decoder.feed(chunk)
    return time.process_time() - started


@pytest.mark.parametrize(
    ("unit", "end", "size"),
    [(b"x" * 1000, b"\n\n", 1000), (b"\ndata: xx", b"\n\n", 997), (b"data: {}\r\n\r\n", b"", 10**9)],
    ids=["one line in pieces", "one event of many lines", "many events in one piece"],
)
@pytest.mark.usefixtures("uncollected")
def test_the_work_is_linear(unit: bytes, end: bytes, size: int) -> None:
    """Eight times the stream takes about eight times the time, not sixty-four times."""
    count = 250_000 // len(unit)
    streams = [b"data: " + unit * n + end for n in (count, 8 * count)]
    small, large = map(
        min, zip(*([_seconds(stream, size) for stream in streams] for _ in range(5)), strict=True)
    )
    assert large < 24 * max(small, 0.0005)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], False),
        ([b": ping"], False),
        ([b": ping\n\n"], False),
        ([b"data: a\n\n"], False),
        ([b"event: x\n\n"], False),
        ([b"d"], True),
        ([b"data: a\n"], True),
        ([b"data: a\n", b": ping"], True),
        ([b"data: a\n\ndata"], True),
    ],
)
def test_a_decoder_knows_whether_an_event_has_begun(pieces: list[bytes], *, expected: bool) -> None:
    """A comment is no part of one."""
    decoder = SseDecoder()
    for piece in pieces:
        decoder.feed(piece)
    assert decoder.is_within_event is expected
