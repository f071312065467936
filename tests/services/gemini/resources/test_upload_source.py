"""Where the bytes of an upload come from."""

import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import InvalidRequestError
from viber.services.gemini.resources._upload_source import StreamSource, mime_type_of, source_of


async def passing(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@given(pieces=st.lists(st.binary(max_size=9), max_size=9), most=st.integers(1, 12))
async def test_a_stream_is_read_to_its_end_in_pieces_of_the_size_asked_for(
    pieces: list[bytes], most: int
) -> None:
    """However it was cut; only the last piece may be shorter, and it says that it is the last."""
    source, whole, offset = StreamSource(passing(*pieces)), b"".join(pieces), 0
    while True:
        piece = await source.read(offset, most)
        assert piece.data == whole[offset : offset + most]
        offset += len(piece.data)
        assert piece.is_last == (offset == len(whole))
        if piece.is_last:
            break
    assert source.size == len(whole)


async def test_a_stream_gives_again_what_was_not_acknowledged() -> None:
    """From any offset at which the server may have stopped; what it has is let go."""
    source = StreamSource(passing(b"abc", b"def"))
    assert source.size is None
    assert await source.read(0, 4) == (b"abcd", False)
    assert await source.read(0, 4) == (b"abcd", False)
    assert await source.read(2, 4) == (b"cdef", True)
    with pytest.raises(InvalidRequestError, match="passed by, from 1 on"):
        await source.read(1, 4)


async def test_bytes_are_cut() -> None:
    """And the last piece says so, also of nothing."""
    source = await source_of(b"abc")
    assert (source.size, await source.read(0, 2), await source.read(2, 2)) == (
        3,
        (b"ab", False),
        (b"c", True),
    )
    assert await (await source_of(b"")).read(0, 2) == (b"", True)


async def test_a_path_is_read_in_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on meanwhile."""
    path, threads = tmp_path / "a.txt", set[int]()
    path.write_bytes(b"abc")
    genuine = Path.open

    def watched(self: Path, *args: Any) -> Any:
        threads.add(threading.get_ident())
        return genuine(self, *args)

    monkeypatch.setattr(Path, "open", watched)
    source = await source_of(str(path))
    assert (source.size, await source.read(1, 5)) == (3, (b"bc", True))
    assert threads
    assert threading.get_ident() not in threads


async def test_a_file_that_changes_is_told(tmp_path: Path) -> None:
    """Two halves of different files are no file."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    source = await source_of(path)
    path.write_bytes(b"abcd")
    with pytest.raises(InvalidRequestError, match=r"a\.txt changed"):
        await source.read(0, 4)


async def test_a_file_that_vanishes_is_told(tmp_path: Path) -> None:
    """As one that was never there is."""
    path = tmp_path / "a.txt"
    with pytest.raises(InvalidRequestError, match=r"a\.txt cannot be read: No such file"):
        await source_of(path)
    path.write_bytes(b"abc")
    source = await source_of(path)
    path.unlink()
    with pytest.raises(InvalidRequestError) as caught:
        await source.read(0, 4)
    assert isinstance(caught.value.__cause__, OSError)


async def test_what_cannot_be_uploaded_is_a_mistake() -> None:
    """Of the caller's code."""
    wrong: Any = 5
    with pytest.raises(TypeError, match="not 'int'"):
        await source_of(wrong)


def test_a_path_tells_its_kind() -> None:
    """By its ending; bytes tell nothing."""
    assert mime_type_of(os.path.join("a", "b.png")) == "image/png"  # noqa: PTH118 - a caller's string
    for silent in (b"x", "no-ending"):
        with pytest.raises(InvalidRequestError, match="what kind"):
            mime_type_of(silent)
