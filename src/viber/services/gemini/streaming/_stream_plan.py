"""What a stream is to do."""

from dataclasses import dataclass
from typing import Final, Protocol

from viber.errors import BaseError, StreamInterruptedError
from viber.services._channel import Channel
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.generating._question import Question
from viber.services.gemini.limits._lanes import Lanes
from viber.services.gemini.streaming._transcript import Transcript

OPERATION: Final = "stream"


class Sequel(Protocol):
    """What is asked when one answer is at its end, if anything is."""

    async def follow(self, answer: GenerateContentResponse, /) -> Question | None:
        """The next thing to ask; None if the answer is the last one."""
        ...

    def recorded(self, answer: GenerateContentResponse, /) -> GenerateContentResponse:
        """The answer, with what went before it."""
        ...

    def tell(self, error: BaseError, /) -> None:
        """Note on an error what was done before it, and stays done."""
        ...


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What a stream asks, then asks next, and how long it waits."""

    channel: Channel
    lanes: Lanes
    question: Question
    sequel: Sequel | None
    failures: Failures
    idempotent: bool
    idle_timeout: float | None
    total_timeout: float | None
    max_continuations: int

    def within(self, remaining: float | None) -> Channel:
        """The channel, for a request that has so many seconds left in all."""
        if remaining is None:
            return self.channel
        total = self.channel.pipeline.total_timeout
        return self.channel.with_options(total_timeout=remaining if total is None else min(remaining, total))

    def interrupted(
        self, cause: BaseError, transcript: Transcript, *, request_id: str, attempts: int
    ) -> StreamInterruptedError:
        """The error of a stream that got so far."""
        parts, usage = transcript.received()
        error = StreamInterruptedError(
            f"the stream broke off: {cause.message}",
            text=transcript.text,
            parts=parts,
            usage=usage,
            service=self.channel.name,
            operation=OPERATION,
            request_id=request_id,
            attempts=attempts,
            retry_after=cause.retry_after,
            details=cause.details,
            suggestion=cause.suggestion or "ask again; what came stands in text and parts, and may be billed",
        )
        if self.sequel is not None:
            self.sequel.tell(error)
        return error
