"""The text of a streamed answer, without anything around it."""

from types import TracebackType
from typing import Self

from viber.services.gemini.streaming._stream import TokenStream


class TextStream:
    """The text of one answer in pieces, none of them empty; else all that is said of a `TokenStream`.

    Example::

        async for text in gemini.stream_text("Tell me a story"):
            print(text, end="")
    """

    def __init__(self, tokens: TokenStream) -> None:
        self.tokens: TokenStream = tokens
        """The stream beneath: usage, finish reason and the whole answer."""

    @property
    def text(self) -> str:
        """All of it so far."""
        return self.tokens.text

    def close(self) -> None:
        """Drop the connection if the stream has not ended by itself; closing twice is fine."""
        self.tokens.close()

    async def aclose(self) -> None:
        """The same, for `contextlib.aclosing`."""
        self.close()

    async def __aenter__(self) -> Self:
        await self.tokens.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not (text := (await anext(self.tokens)).text):
            pass
        return text

    def __repr__(self) -> str:
        return f"<TextStream of {self.tokens!r}>"
