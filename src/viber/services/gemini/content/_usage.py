"""What an answer took, in tokens."""

from collections import Counter
from itertools import chain
from typing import Annotated, Final, Self

from pydantic import Field

from viber.errors import ServerError
from viber.services.gemini.content._json import is_object
from viber.services.gemini.content._shape import Answered

MOST_TOKENS: Final = 2**63 - 1
"""What the field of the protocol can hold."""
_NUMBERS: Final = frozenset(
    {
        "prompt_tokens",
        "cached_tokens",
        "candidates_tokens",
        "thoughts_tokens",
        "tool_use_tokens",
        "reported_total",
    }
)
Count = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


class ModalityTokens(Answered):
    """So many tokens stand for text, images, audio and so on."""

    modality: str = "MODALITY_UNSPECIFIED"
    tokens: Count = 0


Split = tuple[ModalityTokens, ...]
"""A count by modality; empty when the server did not say."""


class UsageMetadata(Answered):
    """Tokens that an answer took.

    Example:
        >>> usage = UsageMetadata(prompt_tokens=10, cached_tokens=4, candidates_tokens=5, thoughts_tokens=7)
        >>> usage.input_tokens, usage.output_tokens, usage.total_tokens
        (10, 12, 22)
    """

    prompt_tokens: Count = 0
    """The prompt, the cached part of it included."""
    cached_tokens: Count = 0
    candidates_tokens: Count = 0
    """The answer, thoughts not included."""
    thoughts_tokens: Count = 0
    """The thinking, billed as output."""
    tool_use_tokens: Count = 0
    """What tools added to the prompt."""
    reported_total: Count | None = None
    prompt_details: Split = ()
    """The prompt by modality, as are the three that follow."""
    cache_details: Split = ()
    candidates_details: Split = ()
    tool_use_details: Split = ()

    @property
    def is_told(self) -> bool:
        """The server told at least one of the numbers: then those that it left out are 0."""
        return not _NUMBERS.isdisjoint(self.model_fields_set)

    @property
    def input_tokens(self) -> int:
        """Prompt and tool use."""
        return self.prompt_tokens + self.tool_use_tokens

    @property
    def output_tokens(self) -> int:
        """Answer and thoughts."""
        return self.candidates_tokens + self.thoughts_tokens

    @property
    def total_tokens(self) -> int:
        """What the server says, or the sum if it says nothing."""
        total = self.reported_total
        return self.input_tokens + self.output_tokens if total is None else total

    def __add__(self, other: Self) -> "UsageMetadata":
        return UsageMetadata.model_construct(  # a sum may be more than one answer can tell
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            candidates_tokens=self.candidates_tokens + other.candidates_tokens,
            thoughts_tokens=self.thoughts_tokens + other.thoughts_tokens,
            tool_use_tokens=self.tool_use_tokens + other.tool_use_tokens,
            reported_total=self.total_tokens + other.total_tokens,
            prompt_details=_together(self.prompt_details, other.prompt_details),
            cache_details=_together(self.cache_details, other.cache_details),
            candidates_details=_together(self.candidates_details, other.candidates_details),
            tool_use_details=_together(self.tool_use_details, other.tool_use_details),
        )


def told(usage: object) -> UsageMetadata:
    """What a server told, nothing if that is not what Gemini documents."""
    try:
        return UsageMetadata.from_wire(usage) if is_object(usage) else UsageMetadata()
    except ServerError:
        return UsageMetadata()


def by_modality(split: Split) -> Counter[str]:
    """A count by the name of its modality.

    Example:
        >>> by_modality((ModalityTokens(modality="IMAGE", tokens=258),))
        Counter({'IMAGE': 258})
    """
    counts: Counter[str] = Counter()
    for part in split:
        counts[part.modality] += part.tokens
    return counts


def _together(one: Split, other: Split) -> Split:
    if not (one and other):
        return one or other
    counts = by_modality(tuple(chain(one, other)))
    return tuple(
        ModalityTokens.model_construct(modality=name, tokens=counts[name]) for name in sorted(counts)
    )
