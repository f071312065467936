"""HTTP/1.1 by aiohttp's parser in C: the same connections as ever, at a fraction of the time."""

import re

from viber.http._aiohttp_parser import Head, HeadParser
from viber.http._connection import Site
from viber.http._direct import INTERIM, PIECE, DirectExchange, hung_up
from viber.http._exchange import Outgoing
from viber.http._fields import LARGEST_HEAD, HeadTooLarge
from viber.http._framing import Body, malformed
from viber.http._line import Line
from viber.http._proxy import Proxy

_END_OF_HEAD = re.compile(rb"\n\r?\n")


class AiohttpExchange(DirectExchange):
    """An `Exchange` that writes a request in one piece and has its answer parsed in C."""

    __slots__ = ("_body", "_is_kept", "_parser", "_received")

    def __init__(self, site: Site, line: Line, proxy: Proxy | None) -> None:
        super().__init__(site, line, proxy)
        self._parser = HeadParser()
        self._received = b""
        self._body: Body | None = None
        self._is_kept = False

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end."""
        if (body := self._body) is None:
            return b""
        while not body.is_done:
            if body.failure is not None:
                raise body.failure
            data, self._received = self._received or await self._line.read(PIECE), b""
            if not data:
                body.end()
            elif piece := body.take(data):
                return piece
        self._is_kept = self._is_kept and body.is_clean and not self._received
        return b""

    def is_idle(self) -> bool:
        """The last answer was read to its end, and another request may follow."""
        return self._is_kept and self._body is not None and self._body.is_done

    def is_reusable(self) -> bool:
        """It is idle, and nothing happened since."""
        return self.is_idle() and not self._line.is_stale

    def _begin(self) -> None:
        self._parser = HeadParser()
        self._received, self._body, self._is_kept = b"", None, False

    async def _ask(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        self._is_kept = False
        await self._write(_spell(outgoing.method, outgoing.target, outgoing.fields), outgoing.body)
        head = await self._head()
        self._body = head.body(outgoing.method)
        self._is_kept = head.is_kept
        return head.status, head.fields

    async def _head(self) -> Head:
        while True:
            head = self._parser.parse(await self._receive_head())
            if head.status not in INTERIM:
                return head

    async def _receive_head(self) -> bytes:
        data: bytes | bytearray = self._received or await self._more()
        searched = 0
        while (end := _END_OF_HEAD.search(data, searched)) is None:
            if data[0] <= ord(" "):
                raise malformed(ValueError("no status line"))
            if len(data) > LARGEST_HEAD:
                raise HeadTooLarge
            searched = max(0, len(data) - 2)
            if isinstance(data, bytes):
                data = bytearray(data)
            data += await self._more()
        self._received = bytes(data[end.end() :])
        return bytes(data[: end.end()])

    async def _more(self) -> bytes:
        if data := await self._line.read(PIECE):
            return data
        raise hung_up()


def _spell(method: bytes, target: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b: %b\r\n" % one for one in fields]
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, b"".join(lines))
