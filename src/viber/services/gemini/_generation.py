"""One question and its answer, whole or streamed: tools, objects and chats all ask here."""

from dataclasses import dataclass
from functools import partial
from typing import Unpack

from viber.services._channel import Channel
from viber.services.gemini._answers import read_generation
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import too_often_continued
from viber.services.gemini._failures import Failures
from viber.services.gemini._json import Json
from viber.services.gemini._models import GenerateContentResponse
from viber.services.gemini._options import StreamTimes
from viber.services.gemini._stream import Asking, Sequel, StreamPlan, TokenStream
from viber.services.gemini._transcript import Transcript
from viber.services.gemini._wire import Endpoint, continued


@dataclass(frozen=True, slots=True)
class Generator:
    """Sends the body of a generation through the pipeline; an answer that asks to be continued is."""

    config: GeminiConfig
    channel: Channel
    endpoint: Endpoint
    failures: Failures

    async def whole(self, model: str | None, body: Json) -> GenerateContentResponse:
        """The whole answer.

        Raises:
            GeminiServerError: it goes on without end.
            BaseError: there is none.
        """
        request = self.endpoint.post(model, "generateContent", body)
        transcript, page = Transcript(), ""
        for _ in range(self.config.max_continuations + 1):
            token = await self.channel.call(
                continued(request, body, page),
                partial(read_generation, failures=self.failures),
                operation="generate_content",
                idempotent=self.config.repeat_generation,
            )
            transcript.add(token.chunk, token.text)
            if not (page := transcript.turn_page()):
                return transcript.response
        raise too_often_continued(self.config.max_continuations)

    def stream(self, asking: Asking, sequel: Sequel | None, **times: Unpack[StreamTimes]) -> TokenStream:
        """The answer in pieces, and those of what is asked next."""
        plan = StreamPlan(
            channel=self._until_first_event(times),
            asking=asking,
            sequel=sequel,
            failures=self.failures,
            idempotent=self.config.repeat_generation,
            idle_timeout=times.get("idle_timeout", self.config.idle_timeout),
            total_timeout=times.get("total_timeout"),
            max_continuations=self.config.max_continuations,
        )
        return TokenStream(plan)

    def streaming(self, model: str | None, body: Json) -> Asking:
        """What asks for an answer in pieces.

        Raises:
            InvalidRequestError: the body cannot be sent.
        """
        request = self.endpoint.post(model, "streamGenerateContent?alt=sse", body)
        return partial(continued, request, body)

    def _until_first_event(self, times: StreamTimes) -> Channel:
        if "first_event_timeout" in times:
            return self.channel.with_options(timeout=times["first_event_timeout"])
        if self.config.first_event_timeout is not None:
            return self.channel.with_options(timeout=self.config.first_event_timeout)
        return self.channel
