"""A piece of content, of any kind that Google has: names are Google's in snake case.

https://ai.google.dev/api/caching#Part describes each.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import Field

from viber.errors import ServerError
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._shape import Answered, Wire

_URL_SAFE = str.maketrans("-_", "+/")
_BESIDE = frozenset(
    {
        "thought",
        "thoughtSignature",
        "videoMetadata",
        "mediaResolution",
        "mediaProcessing",
        "partMetadata",
    }
)


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes of an image, a sound or another file, and what they are."""

    data: bytes = field(repr=False)
    mime_type: str


class Blob(Answered):
    """Bytes within a message; `data` is base64."""

    mime_type: str = ""
    data: str = ""

    @property
    def media(self) -> Media:
        """The bytes themselves.

        Raises:
            ServerError: `data` is not base64.
        """
        text = self.data.translate(_URL_SAFE).rstrip("=")
        try:
            return Media(b64decode(text + "=" * (-len(text) % 4), validate=True), self.mime_type)
        except (binascii.Error, ValueError):
            message = "the answer holds data that is not base64"
            raise ServerError(message, service="gemini", retryable=False) from None


class FileData(Answered):
    """A file that was uploaded, or another one that Google may read."""

    file_uri: str = ""
    mime_type: str | None = None


class FunctionCall(Answered):
    """What the model wants to have called."""

    id: str | None = None
    name: str = ""
    args: Json = Field(default_factory=dict)


class FunctionResponse(Answered):
    """What a function returned."""

    id: str | None = None
    name: str = ""
    response: Json = Field(default_factory=dict)


class ExecutableCode(Answered):
    """Code that the model wrote and Google ran."""

    id: str | None = None
    language: str | None = None
    code: str = ""


class CodeExecutionResult(Answered):
    """What came of it: `outcome` is `OUTCOME_OK`, or says how it failed."""

    id: str | None = None
    outcome: str | None = None
    output: str | None = None


class Part(Wire):
    """A piece of content: one of text, data, a function call and so on; an unknown kind is kept as it came.

    Example:
        >>> Part.of_bytes(b"...", "image/png").kind
        'inlineData'
        >>> Part.of_text("Hello").to_wire()
        {'text': 'Hello'}
    """

    text: str | None = None
    thought: bool | None = None
    """Text of the model's thinking, which is no part of the answer."""
    thought_signature: str | None = None
    """Must come back with the part when the conversation goes on."""
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    video_metadata: Json | None = None
    media_resolution: Json | str | None = None

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Words."""
        return cls(text=text)

    @classmethod
    def of_bytes(cls, data: bytes, mime_type: str) -> Self:
        """An image, a sound or a document, sent along; what is large is better uploaded as a file."""
        return cls(inline_data=Blob(mime_type=mime_type, data=b64encode(data).decode()))

    @classmethod
    def of_file(cls, uri: str, mime_type: str | None = None) -> Self:
        """A file that is there already."""
        known = {} if mime_type is None else {"mime_type": mime_type}
        return cls(file_data=FileData(file_uri=uri, **known))

    @classmethod
    def of_function_response(cls, call: FunctionCall, response: Mapping[str, Any]) -> Self:
        """What a call returned: by custom below `output`, or below `error` if it failed.

        Example:
            >>> call = FunctionCall(name="get_weather", args={"city": "Oslo"})
            >>> Part.of_function_response(call, {"output": "rain"}).to_wire()
            {'functionResponse': {'name': 'get_weather', 'response': {'output': 'rain'}}}
        """
        whose = {} if call.id is None else {"id": call.id}
        return cls(function_response=FunctionResponse(name=call.name, response=dict(response), **whose))

    @property
    def kind(self) -> str:
        """Which kind of part it is, as Google spells it; empty if it holds nothing."""
        return next((name for name in self.to_wire() if name not in _BESIDE), "")

    @property
    def media(self) -> Media | None:
        """The bytes of inline data, if it is that.

        Raises:
            ServerError: they are not base64.
        """
        return None if self.inline_data is None else self.inline_data.media
