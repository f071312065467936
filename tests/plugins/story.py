"""A story as Gemini streams it, and how tests read one."""

import json
from typing import Any

from viber.errors import StreamInterruptedError


def event(text: str = "", finish: str | None = None, **top: Any) -> bytes:
    """One event of a stream: a piece of text, why it ended, and whatever else stands at its top."""
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]} if text else {}}
    chunk = {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **top}
    return b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n"


STORY = [event("Once"), event(" upon"), event(" a time", "STOP", usageMetadata={"totalTokenCount": 9})]


async def read(tokens: Any) -> list[str]:
    """The texts of a whole stream."""
    return [token.text async for token in tokens]


async def broken(tokens: Any) -> tuple[list[str], StreamInterruptedError]:
    """The texts that came before a stream broke off, and the error."""
    texts: list[str] = []
    try:
        async for token in tokens:
            texts.append(token.text)  # noqa: PERF401 - those before the error count
    except StreamInterruptedError as interrupted:
        return texts, interrupted
    raise AssertionError("the stream did not break off")
