"""Where the bytes of an upload come from: memory, a path, or a stream that passes by once."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import NamedTuple, Protocol

from viber.services.gemini._errors import refusal

Uploadable = str | os.PathLike[str] | bytes | AsyncIterable[bytes]
"""A path, bytes, or an asynchronous iterable of bytes."""


class Piece(NamedTuple):
    """Some bytes, and whether nothing comes after them."""

    data: bytes
    is_last: bool


class Source(Protocol):
    """Bytes that can be read from where a server stopped taking them."""

    @property
    def size(self) -> int | None:
        """How many there are, if that is known."""
        ...

    async def read(self, offset: int, most: int) -> Piece:
        """At most so many bytes from an offset on.

        Raises:
            InvalidRequestError: they cannot be had any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.data)

    async def read(self, offset: int, most: int) -> Piece:
        """A slice."""
        return Piece(self.data[offset : offset + most], offset + most >= len(self.data))


class PathSource:
    """A file, read in a worker thread; it is opened for each piece, so that nothing is left open."""

    __slots__ = ("_first", "_path")

    def __init__(self, path: Path, first: os.stat_result) -> None:
        self._path = path
        self._first = first

    @classmethod
    async def at(cls, path: Path) -> "PathSource":
        """The file at a path.

        Raises:
            InvalidRequestError: there is none, or it cannot be read.
        """
        return cls(path, await asyncio.to_thread(_stat, path))

    @property
    def size(self) -> int:
        """Its size when the upload began."""
        return self._first.st_size

    async def read(self, offset: int, most: int) -> Piece:
        """A piece of the file, which must not change meanwhile."""
        data = await asyncio.to_thread(self._read, offset, most)
        return Piece(data, offset + most >= self.size)

    def _read(self, offset: int, most: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                file.seek(offset)
                data = file.read(most)
        except OSError as error:
            raise _unreadable(self._path, error) from error
        if _version(found) != _version(self._first):
            raise refusal(f"{self._path.name} changed while it was uploaded", suggestion="upload it again")
        return data


class StreamSource:
    """Bytes that pass by once; those the server has not acknowledged are kept."""

    __slots__ = ("_buffer", "_is_drained", "_pieces", "_start")

    def __init__(self, pieces: AsyncIterable[bytes]) -> None:
        self._pieces: AsyncIterator[bytes] = aiter(pieces)
        self._buffer = bytearray()
        self._start = 0
        self._is_drained = False

    @property
    def size(self) -> int | None:
        """Known once its end was seen."""
        return self._start + len(self._buffer) if self._is_drained else None

    async def read(self, offset: int, most: int) -> Piece:
        """The next bytes, or the last ones again; what lies before the offset is let go."""
        if offset < self._start:
            raise refusal(
                f"the server wants bytes again that have passed by, from {offset} on",
                suggestion="upload from a path or from bytes",
            )
        await self._fill(offset + most + 1)  # one more, to know whether there is more
        del self._buffer[: offset - self._start]
        self._start = offset
        return Piece(bytes(self._buffer[:most]), len(self._buffer) <= most)

    async def _fill(self, end: int) -> None:
        while not self._is_drained and self._start + len(self._buffer) < end:
            piece = await anext(self._pieces, None)
            if piece is None:
                self._is_drained = True
            else:
                self._buffer += piece


async def source_of(given: Uploadable) -> Source:
    """The source for what a caller gave.

    Raises:
        InvalidRequestError: a path cannot be read.
        TypeError: it is nothing that can be uploaded.
    """
    match given:
        case bytes():
            return BytesSource(given)
        case str() | os.PathLike():
            return await PathSource.at(Path(given))
        case AsyncIterable():
            return StreamSource(given)
        case _:  # a caller without a type checker
            raise TypeError(f"a path, bytes or an async iterable of bytes, not {type(given).__name__!r}")


def mime_type_of(given: Uploadable) -> str:
    """What a path's ending says.

    Raises:
        InvalidRequestError: it says nothing, or there is no path.
    """
    kind = guess_type(given)[0] if isinstance(given, str | os.PathLike) else None
    if kind is None:
        raise refusal("what kind of file is it?", suggestion='say mime_type=, for example "text/plain"')
    return kind


def _stat(path: Path) -> os.stat_result:
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno())
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> Exception:
    return refusal(f"{path.name} cannot be read: {error.strerror}")


def _version(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
