"""Decoders of server-sent events without their clients: bytes in, data out."""

import codecs
from collections.abc import Callable, Iterable, Iterator

import httpx
from anthropic._streaming import SSEDecoder as AnthropicDecoder
from google.genai._api_client import HttpResponse
from httpx_sse._decoders import SSEDecoder as HttpxSseDecoder
from httpx_sse._decoders import SSELineDecoder
from openai._streaming import SSEDecoder as OpenaiDecoder

Chunks = Iterable[bytes]
Decode = Callable[[Chunks], Iterator[str | bytes]]
"""Gives the data of each event."""


def by_openai(chunks: Chunks) -> Iterator[str]:
    for event in OpenaiDecoder().iter_bytes(iter(chunks)):
        yield event.data


def by_anthropic(chunks: Chunks) -> Iterator[str]:
    for event in AnthropicDecoder().iter_bytes(iter(chunks)):
        yield event.data


def by_httpx_sse(chunks: Chunks) -> Iterator[str]:
    """Its own two decoders, behind the decoding of characters that it leaves to httpx."""
    text, lines = codecs.getincrementaldecoder("utf-8")(), SSELineDecoder()
    events = HttpxSseDecoder()
    for chunk in chunks:
        for line in lines.decode(text.decode(chunk)):
            if event := events.decode(line):
                yield event.data


def by_google_genai(chunks: Chunks) -> Iterator[str]:
    """It knows of lines that begin with `data: `, and of nothing else that the standard says."""
    yield from HttpResponse({}, response_stream=Replayed(chunks))._iter_response_stream()  # noqa: SLF001


class Replayed(httpx.Response):
    """What google-genai reads from, for free."""

    def __init__(self, chunks: Chunks) -> None:
        super().__init__(200, content=iter(()))
        self._chunks = chunks

    def iter_bytes(self, *_: object) -> Iterator[bytes]:
        return iter(self._chunks)


DECODERS: dict[str, Decode] = {
    "openai": by_openai,
    "anthropic": by_anthropic,
    "httpx-sse": by_httpx_sse,
    "google-genai": by_google_genai,
}
