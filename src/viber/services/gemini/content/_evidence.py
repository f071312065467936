"""What stands beside an answer: how safe it is, whom it cites, what it was grounded in."""

from pydantic import Field

from viber.services.gemini.content._json import Json
from viber.services.gemini.content._shape import Answered


class SafetyRating(Answered):
    """How likely a harm is: `category` and `probability` are Google's names."""

    category: str = ""
    probability: str | None = None
    blocked: bool = False
    """The answer was withheld because of it."""


class CitationSource(Answered):
    """A piece of the answer, from byte `start_index` to byte `end_index`, that stands elsewhere too."""

    start_index: int = 0
    end_index: int | None = None
    uri: str | None = None
    title: str | None = None
    license: str | None = None


class CitationMetadata(Answered):
    """What the answer took from elsewhere."""

    citation_sources: tuple[CitationSource, ...] = ()
    citations: tuple[CitationSource, ...] = ()
    """The same, as Vertex names it."""

    @property
    def sources(self) -> tuple[CitationSource, ...]:
        """All of them."""
        return self.citation_sources + self.citations


class WebSource(Answered):
    """A page."""

    uri: str | None = None
    title: str | None = None


class GroundingChunk(Answered):
    """Something that a search found."""

    web: WebSource | None = None


class GroundingSupport(Answered):
    """Which chunks, by their places in the list, bear out a segment of the answer."""

    segment: Json = Field(default_factory=dict)
    grounding_chunk_indices: tuple[int, ...] = ()
    confidence_scores: tuple[float, ...] = ()


class GroundingMetadata(Answered):
    """What a search added to the answer; Google asks to show `search_entry_point` beside it."""

    web_search_queries: tuple[str, ...] = ()
    grounding_chunks: tuple[GroundingChunk, ...] = ()
    grounding_supports: tuple[GroundingSupport, ...] = ()
    search_entry_point: Json = Field(default_factory=dict)
