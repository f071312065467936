"""A structure on its way to be shown: copied into what JSON can say, without what has a secret name."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel, SecretBytes, SecretStr

from viber.observability._secret_text import MARK, is_card, may_hold_secret
from viber.observability._sensitive_names import SensitiveNames

SHORT_TEXT = 64
"""Characters up to which a quick look is enough for a text that shows nothing suspicious."""
_SHORT_NUMBER = 10**12
"""Numbers below it have too few digits for a card."""
_PAIR = 2
_NAMES_OF_FIELDS = frozenset({"name", "Name", "key", "Key", "header", "Header"})
_VALUES = frozenset({"value", "Value"})
"""The keys of a header field that is written as an object."""
_LONG_NAME = 32
_CUT = "[cut]"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a structure is shown."""

    names: SensitiveNames
    text: Callable[[str], str]
    """Shows a text, whatever is in it."""
    trusts_short_texts: bool
    max_depth: int
    max_items: int
    max_nodes: int


class Walk:
    """One value on its way through; counts what it has seen."""

    __slots__ = ("_above", "_items", "_judge", "_left", "_text", "_trusts_short_texts")

    def __init__(self, rules: Rules) -> None:
        self._judge = rules.names.judge
        self._text = rules.text
        self._trusts_short_texts = rules.trusts_short_texts
        self._items = rules.max_items
        self._left = rules.max_nodes
        self._above: list[int] = []

    def of(self, value: object, depth: int) -> Any:
        """The value, at most `depth` levels of it."""
        kind = type(value)
        if kind is str:
            text = cast("str", value)
            is_harmless = self._trusts_short_texts and len(text) <= SHORT_TEXT and not may_hold_secret(text)
            return text if is_harmless else self._text(text)
        if value is None or kind is bool:
            return value
        if kind is int or kind is float:
            return _number(cast("float", value))
        return self._of_nested(value, depth)

    def _of_nested(self, value: object, depth: int) -> Any:
        if depth <= 0:
            return "[too deep]"
        if id(value) in self._above:
            return "[cycle]"
        self._above.append(id(value))
        try:
            return self._of_collection(value, depth - 1)
        finally:
            self._above.pop()

    def _of_collection(self, value: object, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._of_pairs(cast("Mapping[object, object]", value).items(), depth)
        if isinstance(value, (list, tuple, AbstractSet)):
            return self._of_items(cast("Iterable[object]", value), depth)
        if isinstance(value, BaseModel):
            return self._of_pairs(_fields_of_model(value), depth)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._of_pairs(_fields_of_dataclass(value), depth)
        return self._of_other(value, depth)

    def _of_other(self, value: object, depth: int) -> Any:
        if isinstance(value, (SecretStr, SecretBytes)):
            return MARK
        if isinstance(value, Enum):
            return self.of(value.value, depth)
        if isinstance(value, (bytes, bytearray)):
            return self._text(value.decode(errors="replace"))
        if isinstance(value, BaseException):
            return self._text(f"{type(value).__name__}: {value}")
        return self._text(str(value))

    def _of_pairs(self, pairs: Iterable[tuple[object, object]], depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        names: str | None = None
        judge, of = self._judge, self.of
        for key, value in pairs:
            if self._left <= 0 or len(shown) >= self._items:
                shown["…"] = _CUT
                break
            self._left -= 1
            name = key if type(key) is str else _text_of(key)
            if names is not None and name in _VALUES:
                shown[name] = self._under(names, value, depth)
                continue
            label = name if len(name) <= _LONG_NAME else self._text(name)
            shown[label] = of(value, depth) if judge(name) == "plain" else self._under(name, value, depth)
            if name in _NAMES_OF_FIELDS and isinstance(value, (str, bytes)):
                names = _text_of(value)
        return shown

    def _of_items(self, items: Iterable[object], depth: int) -> list[Any]:
        if isinstance(items, (list, tuple)) and _is_named_pair(cast("Any", items)):
            name, value = cast("tuple[str | bytes, object]", items)
            return [self.of(name, depth + 1), self._under(_text_of(name), value, depth)]
        shown: list[Any] = []
        for item in items:
            if self._left <= 0 or len(shown) >= self._items:
                shown.append(_CUT)
                break
            self._left -= 1
            shown.append(self.of(item, depth))
        return shown

    def _under(self, name: str, value: object, depth: int) -> Any:
        judgement = self._judge(name)
        if judgement == "plain" or value is None or isinstance(value, bool):
            return self.of(value, depth)
        return self.of(value, depth) if judgement == "count" and isinstance(value, (int, float)) else MARK


def _text_of(key: object) -> str:
    return key.decode(errors="replace") if isinstance(key, bytes) else str(key)


def _is_named_pair(items: list[object] | tuple[object, ...]) -> bool:
    """A header field as a pair; a list of two texts looks the same, and is taken for one."""
    return len(items) == _PAIR and isinstance(items[0], (str, bytes))


def _fields_of_model(model: BaseModel) -> Iterator[tuple[str, object]]:
    yield from model.__dict__.items()
    yield from (model.__pydantic_extra__ or {}).items()


def _fields_of_dataclass(value: Any) -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(value):
        yield field.name, getattr(value, field.name, None)


def _number(value: float) -> Any:
    if isinstance(value, int):
        return MARK if abs(value) >= _SHORT_NUMBER and is_card(str(value)) else value
    return value if math.isfinite(value) else str(value)
