"""How the sandbox counts tokens: one rule, used for prompts, answers and countTokens alike. Pure.

A token is up to twelve word characters in a row, or one other character, together with the white space in
front of it; white space at the very end is a token of its own. So the tokens of a text joined give the text,
and any run of them counts the same by itself.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from viber.sandbox._gemini_fields import pick, pick_object, pick_objects, pick_text
from viber.sandbox._gemini_wire import Json, dump

_TOKEN: Final = re.compile(r"\s*+(?:\w{1,12}|[^\w\s])|\s+")
_BESIDE: Final = frozenset({"thought", "thoughtSignature", "thought_signature"})


class Modality(StrEnum):
    """What a token stands for."""

    TEXT = "TEXT"
    IMAGE = "IMAGE"
    AUDIO = "AUDIO"
    VIDEO = "VIDEO"
    DOCUMENT = "DOCUMENT"


_MEDIA: Final = {
    Modality.IMAGE: 258,
    Modality.AUDIO: 32,
    Modality.VIDEO: 263,
    Modality.DOCUMENT: 258,
}
Counts = Counter[Modality]


def split_tokens(text: str) -> list[str]:
    """Return the tokens of a text; joined they are the text.

    Example:
        >>> split_tokens("Hello, big world! ")
        ['Hello', ',', ' big', ' world', '!', ' ']
    """
    return _TOKEN.findall(text)


def count_text(text: str) -> int:
    """Count the tokens of a text."""
    return len(split_tokens(text))


def count_contents(contents: Iterable[Json]) -> Counts:
    """Count contents by modality: each image 258, each video 263, each audio 32, each other file 258."""
    counts: Counts = Counter()
    for content in contents:
        for part in pick_objects(content, "parts"):
            modality, tokens = count_part(part)
            counts[modality] += tokens
    return counts


def count_part(part: Json) -> tuple[Modality, int]:
    """Count one part; what is neither text nor a file counts as the JSON it is."""
    text = pick_text(part, "text")
    if text is not None:
        return Modality.TEXT, count_text(text)
    for name in ("inlineData", "fileData"):
        if pick(part, name) is not None:
            return _count_file(pick_object(part, name))
    return Modality.TEXT, count_text(dump({name: part[name] for name in part if name not in _BESIDE}))


def details(counts: Counts) -> list[Json]:
    """Return counts the way usageMetadata splits them."""
    return [
        {"modality": modality, "tokenCount": counts[modality]} for modality in Modality if counts[modality]
    ]


def _count_file(file: Json) -> tuple[Modality, int]:
    kind, _, _ = (pick_text(file, "mimeType") or "").partition("/")
    if kind == "text" and pick_text(file, "data"):
        return Modality.TEXT, count_text(_decode(pick_text(file, "data") or ""))
    modality = Modality(kind.upper()) if kind.upper() in _NAMES else Modality.DOCUMENT
    return modality, _MEDIA.get(modality, _MEDIA[Modality.DOCUMENT])


_NAMES: Final = frozenset(modality.value for modality in _MEDIA)


def _decode(data: str) -> str:
    try:
        return base64.b64decode(data).decode("utf-8", "replace")
    except ValueError:
        return data
