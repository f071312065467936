"""What the sandbox's model says: text that depends on the prompt alone. Pure."""

from __future__ import annotations

import re
from hashlib import shake_256
from typing import Final

_COUNT: Final = re.compile(r"\bcount to (\d{1,5})\b", re.IGNORECASE)
_REPEAT: Final = re.compile(r"\brepeat: ?(.*)", re.IGNORECASE | re.DOTALL)
_OPENINGS: Final = ("Well", "In short", "Put plainly", "Seen from afar", "As it happens", "Strange to say")
_SUBJECTS: Final = (
    "the tide",
    "a lighthouse",
    "every river",
    "an old clock",
    "the night train",
    "a small engine",
)
_VERBS: Final = ("carries", "remembers", "counts", "outlives", "repairs", "answers")
_OBJECTS: Final = (
    "its own echo",
    "what it is given",
    "the morning",
    "each passing ship",
    "a longer road",
    "the rain",
)
_ENDINGS: Final = (
    "without hurry",
    "in its own time",
    "twice a day",
    "when asked",
    "one step at a time",
    "at last",
)
_SENTENCES: Final = 5
_QUOTED_WORDS: Final = 12


def compose(prompt: str, *, seed: bytes) -> str:
    """Answer a prompt: ``count to N`` and ``repeat: ...`` to the letter, anything else with seeded prose.

    Example:
        >>> compose("Please count to 3", seed=b"")
        '1 2 3'
        >>> compose("repeat: one, two", seed=b"")
        'one, two'
    """
    counted = _COUNT.search(prompt)
    if counted:
        return " ".join(str(number) for number in range(1, int(counted[1]) + 1))
    repeated = _REPEAT.search(prompt)
    return repeated[1] if repeated else f"You said: {_quote(prompt)}. {prose(seed)}"


def prose(seed: bytes, *, sentences: int = _SENTENCES) -> str:
    """Return some sentences that follow from the seed alone."""
    dice = iter(shake_256(seed).digest(5 * sentences))
    lists = (_OPENINGS, _SUBJECTS, _VERBS, _OBJECTS, _ENDINGS)
    chosen = ([words[next(dice) % len(words)] for words in lists] for _ in range(sentences))
    return " ".join(f"{opening}, {' '.join(rest)}." for opening, *rest in chosen)


def _quote(prompt: str) -> str:
    words = prompt.split()
    return " ".join(words[:_QUOTED_WORDS]) + (" ..." if len(words) > _QUOTED_WORDS else "")
