"""An answer that is still coming in, put together from its pieces."""

from viber.errors import ServerError
from viber.services.gemini.content._json import Json, is_object
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._part import Part
from viber.services.gemini.content._token import index_of
from viber.services.gemini.content._usage import UsageMetadata, told
from viber.services.gemini.generating._receipt import Receipt

CONTINUATION = "CONTINUATION"


class Transcript:
    """Gathers chunks of one answer; parts stay as they came, so that no signature is lost.

    Usage numbers are running totals: the last one told counts, and one that is not told erases nothing.
    """

    __slots__ = ("_candidates", "_parts", "_spent", "_texts", "_top", "_usage")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._parts: dict[int, list[Json]] = {}
        self._candidates: dict[int, Json] = {}
        self._top: Json = {}
        self._usage: Json = {}
        self._spent: UsageMetadata | None = None

    def add(self, chunk: Json, text: str) -> None:
        """The next chunk, with the text that is in it."""
        if text:
            self._texts.append(text)
        _merge(self._top, chunk)
        for candidate in chunk.get("candidates") or ():
            self._add_candidate(candidate)
        usage = chunk.get("usageMetadata")
        if usage != self._usage and is_object(usage):
            _merge(self._usage, usage)

    def hear(self, chunk: Json) -> None:
        """The usage that a chunk tells, and nothing else of it."""
        self.add({"usageMetadata": chunk.get("usageMetadata")}, "")

    def turn_page(self) -> str:
        """The token with which to ask for the rest, if the answer says there is one."""
        candidate = self._candidates.get(0, {})
        if candidate.get("finishReason") != CONTINUATION or not candidate.get("continuationToken"):
            return ""
        self._spent, self._usage = self.usage, {}
        del candidate["finishReason"]
        return str(candidate.pop("continuationToken"))

    def turn_over(self) -> None:
        """Begin another answer: the text and what was spent stay."""
        self._spent, self._usage = self.usage, {}
        self._parts, self._candidates, self._top = {}, {}, {}

    @property
    def text(self) -> str:
        """The text so far, thoughts left out."""
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts so far."""
        return tuple(Part.from_wire(part) for part in self._parts.get(0, ()))

    @property
    def usage(self) -> UsageMetadata:
        """Tokens so far, those of continued answers added up."""
        usage = UsageMetadata.from_wire(self._usage)
        return usage if self._spent is None else self._spent + usage

    def received(self) -> tuple[tuple[Part, ...], UsageMetadata | None]:
        """Parts and usage so far; nothing if what came is not even what Gemini documents."""
        try:
            return self.parts, self.usage
        except ServerError:
            return (), None

    @property
    def lately(self) -> UsageMetadata:
        """Tokens since the last page was turned; none if what was told is not what Gemini documents."""
        return told(self._usage)

    @property
    def version(self) -> str | None:
        """Which version of the model answers, as it calls itself."""
        return self._top.get("modelVersion")

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, once it did."""
        return self._candidates.get(0, {}).get("finishReason")

    def response(self, receipt: Receipt | None = None) -> GenerateContentResponse:
        """Everything so far as one answer."""
        candidates = [
            _with_parts(candidate, self._parts[index])
            for index, candidate in sorted(self._candidates.items())
        ]
        usage = self._usage if self._spent is None else self.usage.to_wire()
        wire = {**self._top, "candidates": candidates, "usageMetadata": usage}
        return GenerateContentResponse.of(wire, receipt or Receipt())

    def _add_candidate(self, candidate: Json) -> None:
        index = index_of(candidate) if candidate.get("index") else 0
        if (whole := self._candidates.get(index)) is None:
            whole = self._candidates[index] = {}
            self._parts[index] = []
        _merge(whole, candidate)
        content = candidate.get("content")
        if content and (parts := content.get("parts")):
            self._parts[index] += parts


def _with_parts(candidate: Json, parts: list[Json]) -> Json:
    content: Json = candidate.get("content") or {}
    return {**candidate, "content": {**content, "parts": parts}}


def _merge(whole: Json, said: Json) -> None:
    """Lay what is said over the whole; null erases nothing that was said before."""
    for name, value in said.items():
        if value is not None:
            whole[name] = value
