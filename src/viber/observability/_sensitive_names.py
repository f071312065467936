"""Which names stand in front of a secret: by their words, so that `className` is harmless."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal

Sensitivity = Literal["plain", "secret", "count"]
"""`count`: harmless before a number, such as `tokenCount`; a secret before anything else."""

_word = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+").findall
_LOOK_ALIKE = str.maketrans(
    "авеһіјкмнорсԁѕтухьԛԝαβειϳκνορτυχ\u0131\u0261\u01c3",
    "abehijkmhopcdstyxbqwabeijkvoptuxigl",
)

ANYWHERE = frozenset(
    {
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "token",
        "bearer",
        "jwt",
        "otp",
    }
    | {
        "authorization",
        "credential",
        "credentials",
        "signature",
        "cookie",
        "cookies",
        "cvv",
        "cvc",
        "ssn",
        "dsn",
    }
)
"""Words that make a name sensitive wherever they stand in it."""
AT_THE_END = frozenset({"pass", "pin", "pan", "auth", "sig", "tokens"})
"""Words that do so as the last one: `db_pass` does, `pass_rate` does not."""
PHRASES = (
    ("api", "key"),
    ("private", "key"),
    ("priv", "key"),
    ("access", "key"),
    ("anon", "key"),
    ("role", "key"),
    ("service", "role"),
    ("signing", "key"),
    ("encryption", "key"),
    ("master", "key"),
    ("session", "key"),
    ("account", "key"),
    ("publishable", "key"),
    ("session", "id"),
    ("credit", "card"),
    ("card", "number"),
    ("social", "security"),
    ("database", "url"),
    ("upload", "url"),
    ("connection", "string"),
)
"""Words that do so side by side, also when they are written as one."""
COUNTS = frozenset(
    {
        "count",
        "counts",
        "limit",
        "limits",
        "usage",
        "used",
        "budget",
        "length",
        "remaining",
        "total",
        "max",
        "min",
    }
)
"""Words that turn a name into the name of a number."""

_CACHED_NAMES, _CACHED_LENGTH = 4096, 64


class SensitiveNames:
    """Decides by name, and remembers: at most so many names, and none that is long.

    Example:
        >>> names = SensitiveNames()
        >>> [names.judge(name) for name in ("anonKey", "className", "promptTokens", "X-Api-Key")]
        ['secret', 'plain', 'count', 'secret']
    """

    __slots__ = ("_phrases", "_words", "judge")

    def __init__(self, more: Iterable[str] = ()) -> None:
        extra = [words_of(name) for name in more]
        self._words = ANYWHERE | {words[0] for words in extra if len(words) == 1}
        self._phrases = (*PHRASES, *(words for words in extra if len(words) > 1))
        self.judge: Callable[[str], Sensitivity] = _Memory(self._judge).__getitem__
        """Tells what a value under this name is."""

    def _judge(self, name: str) -> Sensitivity:
        words = words_of(name)
        if not words or not self._is_sensitive(words):
            return "plain"
        return "count" if words[-1] == "tokens" or COUNTS & set(words) else "secret"

    def _is_sensitive(self, words: tuple[str, ...]) -> bool:
        if words[-1] in AT_THE_END or self._words & set(words):
            return True
        spelled = "".join(words)
        return any(_is_within(phrase, words) or "".join(phrase) in words for phrase in self._phrases) or (
            spelled in self._words
        )


class _Memory(dict[str, Sensitivity]):
    """What was decided; a name that is here already costs one look."""

    def __init__(self, decide: Callable[[str], Sensitivity]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, name: str) -> Sensitivity:
        decided = self._decide(name)
        if len(name) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_NAMES:
                self.clear()
            self[name] = decided
        return decided


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case; letters that only look like Latin ones are taken for them.

    Example:
        >>> words_of("serviceRoleKey"), words_of("X-API-Key")
        (('service', 'role', 'key'), ('x', 'api', 'key'))
    """
    text = name
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE)
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if char.isascii())
    words = (word.lower() for word in _word(text))
    return tuple("key" if word == "keys" else word for word in words)


def _is_within(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(words[start : start + size] == phrase for start in range(len(words) - size + 1))
