"""How many tokens a request may be, reckoned here and on the high side: what is reserved for it."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Final, cast

from viber.services.gemini.content._json import Json, is_array, is_object

_LETTERS: Final = b" ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_APART: Final = bytes(byte for byte in range(128) if byte not in _LETTERS)
"""Digits, signs and control characters: each may be a token of its own."""
_EACH: Final = 4
"""Tokens around a piece of content, at most."""
_FILE: Final = 2000
"""Tokens of a file that is only named, since its size is not known here."""
_PER_BYTE: Final = {"image": 1 / 400, "audio": 1 / 60, "video": 1 / 30, "text": 1 / 2}
_DOCUMENT: Final = 1 / 4
_LEAST: Final = {"image": 1200, "audio": 64, "video": 600, "text": 0}
_BASE64: Final = 3 / 4

_ENOUGH: Final = 32
_TERM: Final = 128
_MARGIN: Final = 1.02


def estimate(body: Json) -> int:
    """Tokens of the prompt in a body that is to be sent, rather too many than too few.

    Half a token for each byte of letters, one for each digit and sign; media by their size. It is no bound:
    text that no language model has met before, or a named file, may be more.

    Example:
        >>> estimate({"contents": [{"parts": [{"text": "How tall is Mount Everest?"}]}]})
        35
    """
    return ceil(_tokens(body))


def longest_answer(body: Json) -> int | None:
    """Tokens of all answers that a body allows at most; None if it sets no bound."""
    settings = body.get("generationConfig")
    if not is_object(settings):
        return None
    most = settings.get("maxOutputTokens")
    return most * (settings.get("candidateCount") or 1) if isinstance(most, int) else None


def _tokens(value: Any) -> float:
    if isinstance(value, str):
        return _of_text(value)
    if is_object(value):
        return _EACH + sum(_of_member(name, item) for name, item in value.items())
    if is_array(value) or isinstance(value, tuple):
        return sum(map(_tokens, cast("Iterable[Any]", value)))
    return _of_text(str(value))


def _of_member(name: str, item: Any) -> float:
    if name in ("inlineData", "inline_data") and is_object(item):
        return _of_media(item)
    if name in ("fileData", "file_data"):
        return _FILE
    return len(name) / 2 + _tokens(item)


def _of_text(text: str) -> float:
    data = text.encode("utf-8", "surrogatepass")
    rest = len(data.translate(None, _APART))
    return len(data) - rest + ceil(rest / 2)


def _of_media(data: Mapping[str, Any]) -> float:
    kind = str(data.get("mimeType") or data.get("mime_type") or "").partition("/")[0]
    size = len(data.get("data") or "") * _BASE64
    return max(_LEAST.get(kind, 0), size * _PER_BYTE.get(kind, _DOCUMENT))


class Calibration:
    """Learns from answers by how much estimates were too high; the largest share of late counts, and a bit.

    Example:
        >>> calibration = Calibration()
        >>> for _ in range(32):
        ...     calibration.learn(estimated=200, real=100)
        >>> calibration.scaled(200)
        102
    """

    __slots__ = ("_before", "_count", "_now")

    def __init__(self) -> None:
        self._count = 0
        self._before = self._now = 0.0

    @property
    def factor(self) -> float:
        """What an estimate is multiplied by: 1 until enough is known, and never more."""
        if self._count < _ENOUGH:
            return 1.0
        return min(1.0, max(self._before, self._now) * _MARGIN)

    def scaled(self, estimated: int) -> int:
        """An estimate in the light of what was learned."""
        return ceil(estimated * self.factor)

    def learn(self, *, estimated: int, real: int) -> None:
        """An answer told how many tokens its prompt was."""
        if not estimated:
            return
        if self._count and self._count % _TERM == 0:
            self._before, self._now = self._now, 0.0
        self._count += 1
        self._now = max(self._now, real / estimated)
