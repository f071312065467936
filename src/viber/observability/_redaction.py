"""Secrets out of whatever is about to be shown: structures by their names, text by its shape."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json

from viber.observability._secret_text import MARK, may_hold_secret, without_secrets
from viber.observability._sensitive_names import SensitiveNames
from viber.observability._structure import SHORT_TEXT, Rules, Walk

_NAMES = SensitiveNames()
_AHEAD = 4
"""How many times the characters that are shown are read first."""
_MARGIN = 1024
"""More characters than half a secret has before it can be told for one."""


class Redactor:
    """Copies a value without its secrets, into what JSON can say; never raises, and shows where it cut.

    A secret is told by the name in front of it (`names` adds some), by its shape, or because it is one of
    `secrets`. What is too deep, too long or too much is cut with a visible mark: `max_depth` levels,
    `max_items` of one collection, `max_nodes` values in all, `max_text` characters of one text.

    Example:
        >>> redact = Redactor(names=["shoeSize"])
        >>> redact({"user": "ada", "password": "hunter2", "shoe_size": 38, "promptTokens": 12})
        {'user': 'ada', 'password': '[redacted]', 'shoe_size': '[redacted]', 'promptTokens': 12}
        >>> redact("GET /models?key=AIza-123"), redact([("Authorization", "Bearer abc")])
        ('GET /models?key=[redacted]', [['Authorization', '[redacted]']])
    """

    __slots__ = ("_max_text", "_names", "_rules", "_secrets")

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        secrets: Iterable[str] = (),
        max_depth: int = 8,
        max_items: int = 100,
        max_nodes: int = 2000,
        max_text: int = 8192,
    ) -> None:
        self._names = SensitiveNames(names)
        self._secrets = _longest_first(secrets)
        self._max_text = max_text
        self._rules = Rules(
            self._names,
            self._within,
            trusts_short_texts=not self._secrets and max_text >= SHORT_TEXT,
            max_depth=max_depth,
            max_items=max_items,
            max_nodes=max_nodes,
        )

    def __call__(self, value: object) -> Any:
        """The value as JSON can say it, without its secrets."""
        rules = self._rules
        try:
            return Walk(rules).of(value, rules.max_depth)
        except Exception:  # noqa: BLE001 - foreign objects, and whoever logs must not fail by them
            return f"[unreadable {type(value).__name__}]"

    def text(self, text: str) -> str:
        """A text without its secrets, cut at `max_text`."""
        return _shown(text, self._secrets, self._names, self._max_text)

    def _within(self, text: str) -> str:
        """A text that may be JSON: then by the names in it, too."""
        if text[:1] in ("{", "[") and len(text) <= self._max_text:
            try:
                inside = from_json(text)
            except ValueError:
                return self.text(text)
            return to_json(self(inside)).decode()
        return self.text(text)


def _longest_first(secrets: Iterable[str]) -> list[str]:
    """One secret may be the beginning of another."""
    return sorted(filter(None, secrets), key=len, reverse=True)


def _shown(text: str, secrets: list[str], names: SensitiveNames, limit: int | None) -> str:
    if limit is not None:
        margin = _MARGIN + len(max(secrets, key=len, default=""))
        if len(text) > _AHEAD * limit + margin:
            # Most of it will be cut. Half a secret may stand where this part ends: that is behind the cut.
            beginning = _without(text[: _AHEAD * limit + margin], secrets, names)
            if len(beginning) >= limit + margin:
                return _cut(beginning, limit)
    return _cut(_without(text, secrets, names), limit)


def _without(text: str, secrets: list[str], names: SensitiveNames) -> str:
    for secret in secrets:
        text = text.replace(secret, MARK)
    return without_secrets(text, names) if may_hold_secret(text) else text


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[:limit] + "…"


def redact_text(text: str, *, secrets: Iterable[str] = (), limit: int | None = None) -> str:
    """The text with whatever looks like a key or token, and every one of `secrets`, replaced by a mark.

    At most `limit` characters are kept, and a cut is visible.

    Example:
        >>> redact_text("bad header: Bearer abc.def")
        'bad header: Bearer [redacted]'
    """
    return _shown(text, _longest_first(secrets), _NAMES, limit)
