"""One question and its answer, whole or streamed: tools, objects and chats all ask here."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Unpack

from viber.http import Response
from viber.resilience import Call
from viber.services._channel import Channel
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import GeminiRateLimitError, too_often_continued
from viber.services.gemini._options import StreamTimes
from viber.services.gemini.content._answers import read_generation
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._token import Token
from viber.services.gemini.content._usage import told
from viber.services.gemini.content._wire import Endpoint
from viber.services.gemini.generating._question import ModelNames, Question, models_of
from viber.services.gemini.generating._receipt import Receipt
from viber.services.gemini.limits._books import Entry
from viber.services.gemini.limits._lanes import Lane, Lanes
from viber.services.gemini.streaming._stream import TokenStream
from viber.services.gemini.streaming._stream_plan import Sequel, StreamPlan
from viber.services.gemini.streaming._transcript import Transcript


@dataclass(frozen=True, slots=True)
class Generator:
    """Sends the body of a generation through the pipeline; an answer that asks to be continued is."""

    config: GeminiConfig
    channel: Channel
    endpoint: Endpoint
    failures: Failures
    lanes: Lanes

    async def whole(self, model: ModelNames | None, body: Json) -> GenerateContentResponse:
        """The whole answer, of the first model that can give one.

        Raises:
            GeminiServerError: it goes on without end.
            BaseError: there is none.
        """
        question = self._question(model, "generateContent", body)
        return await self.lanes.run(self.channel, question.models, partial(self._answer, question))

    async def _answer(self, question: Question, lane: Lane) -> GenerateContentResponse:
        transcript, receipt = Transcript(), Receipt(lane.model, Decimal(0))
        page = ""
        for _ in range(self.config.max_continuations + 1):
            entry, channel = lane.open(question.body)
            with entry:
                token = await channel.exchange(
                    question.request(lane.model, page),
                    partial(self._read, entry),
                    operation="generate_content",
                    idempotent=self.config.repeat_generation,
                )
                chunk = token.chunk
                receipt += entry.close(told(chunk.get("usageMetadata")), chunk.get("modelVersion"))
            transcript.add(chunk, token.text)
            if not (page := transcript.turn_page()):
                return transcript.response(receipt)
        raise too_often_continued(self.config.max_continuations)

    async def _read(self, entry: Entry, response: Response, call: Call) -> Token:
        try:
            token = read_generation(response, self.failures)
        except GeminiRateLimitError as error:
            entry.refused(error)
            raise
        entry.heard(token.chunk.get("usageMetadata"), call)
        if call.trace is not None:
            call.trace.heard(token.chunk)
        return token

    def stream(self, question: Question, sequel: Sequel | None, **times: Unpack[StreamTimes]) -> TokenStream:
        """The answer in pieces, and those of what is asked next."""
        plan = StreamPlan(
            channel=self._until_first_event(times),
            lanes=self.lanes,
            question=question,
            sequel=sequel,
            failures=self.failures,
            idempotent=self.config.repeat_generation,
            idle_timeout=times.get("idle_timeout", self.config.idle_timeout),
            total_timeout=times.get("total_timeout"),
            max_continuations=self.config.max_continuations,
        )
        return TokenStream(plan)

    def streaming(self, model: ModelNames | None, body: Json) -> Question:
        """What asks for an answer in pieces.

        Raises:
            InvalidRequestError: the body cannot be sent.
        """
        return self._question(model, "streamGenerateContent?alt=sse", body)

    def models(self, model: ModelNames | None) -> tuple[str, ...]:
        """Whom to ask, in order.

        Raises:
            InvalidRequestError: nobody.
        """
        return self.lanes.models if model is None else models_of(model)

    def _question(self, model: ModelNames | None, verb: str, body: Json) -> Question:
        return Question.of(self.endpoint, self.models(model), verb, body)

    def _until_first_event(self, times: StreamTimes) -> Channel:
        if "first_event_timeout" in times:
            return self.channel.with_options(timeout=times["first_event_timeout"])
        if self.config.first_event_timeout is not None:
            return self.channel.with_options(timeout=self.config.first_event_timeout)
        return self.channel
