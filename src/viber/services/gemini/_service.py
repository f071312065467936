"""Gemini, as an application awaits it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Self, TypeVar, Unpack, overload

from pydantic import TypeAdapter

from viber.services._channel import Channel
from viber.services._health import Health
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._options import ContentLike, GenerateOptions, Prompt, StreamOptions
from viber.services.gemini._view import ViewOptions, viewed
from viber.services.gemini.access._signing import secrets_of, signed
from viber.services.gemini.chatting._chat import Chat, begin_chat
from viber.services.gemini.chatting._trim import Trim
from viber.services.gemini.content._answers import read_any, text_or_error
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._wire import Endpoint
from viber.services.gemini.generating import _asking
from viber.services.gemini.generating._counting import TokenCount, count_tokens
from viber.services.gemini.generating._estimate import estimate
from viber.services.gemini.generating._generation import Generator
from viber.services.gemini.generating._object import generate_object
from viber.services.gemini.generating._question import models_of
from viber.services.gemini.limits._lanes import Lanes, MoveOn, cannot_answer
from viber.services.gemini.limits._project import Limits
from viber.services.gemini.limits._tracker import UsageTracker
from viber.services.gemini.resources._api import Api
from viber.services.gemini.resources._batches import Batches
from viber.services.gemini.resources._caches import Caches
from viber.services.gemini.resources._catalogue import Models
from viber.services.gemini.resources._embed import Embedder, EmbedOptions
from viber.services.gemini.resources._files import Files
from viber.services.gemini.streaming._stream import TokenStream
from viber.services.gemini.streaming._text_stream import TextStream

T = TypeVar("T")


class GeminiService:
    """Generates text, whole or in pieces; every call goes through deadline, retry and circuit breaker.

    Raises:
        GeminiError: Gemini answered with an error; its class says what happened.
        TimeoutError, TransportError, CircuitOpenError: there was no answer.
        InvalidRequestError: the request is wrong; if Gemini did not say so, nothing was sent.

    Example::

        async with ServiceFactory(Settings.from_env()) as services:
            print(await services.gemini.generate_text("Explain quantum computing"))
    """

    def __init__(self, config: GeminiConfig, channel: Channel, lanes: Lanes | None = None) -> None:
        self._config = config
        self._channel = channel = signed(config, channel)
        self._lanes = lanes or Lanes.of(config, channel.pipeline)
        self._endpoint = Endpoint.of(config)
        self._failures = Failures(
            secrets=tuple(filter(None, (config.api_key.get_secret_value(),))),
            retryable_statuses=config.retry.retryable_statuses,
            wall=channel.pipeline.clock.wall,
            current=secrets_of(channel),
        )
        self._generator = Generator(config, channel, self._endpoint, self._failures, self._lanes)

    @property
    def name(self) -> str:
        """How this service is called in errors, events and reports."""
        return self._channel.name

    def with_options(self, **options: Unpack[ViewOptions]) -> Self:
        """This service with other time limits, attempts, header fields, idempotence, label and so on.

        Example::

            await gemini.with_options(max_attempts=1).generate_text("Quick!")
        """
        return type(self)(self._config, *viewed(self._channel, self._lanes, options))

    def with_models(self, *models: str, move_on: MoveOn = cannot_answer) -> Self:
        """This service with models that stand in for each other: the next is asked if one cannot answer.

        Each has a circuit of its own. `move_on` says after which errors; unless given, after those of the
        model (see `cannot_answer`). All of it is one call within its `total_timeout`; the last error carries
        a note for each before it, and an answer says its `model`.

        Example::

            await gemini.with_models("gemini-3.8-flash", "gemini-3.5-flash-lite").generate_text("Hi")
        """
        lanes = replace(self._lanes, models=models_of(models), move_on=move_on)
        return type(self)(self._config, self._channel, lanes)

    @property
    def usage(self) -> UsageTracker:
        """What all views of this service used, by day, model and label."""
        return self._lanes.books.tracker

    @property
    def limits(self) -> Limits:
        """How each model stands, and what is known of its limits."""
        return self._lanes.limits

    async def generate_text(self, prompt: Prompt, **options: Unpack[GenerateOptions]) -> str:
        """The text of an answer, thoughts left out.

        Raises:
            NoTextError: the answer has none: it was blocked, cut short, or is something else than text.
        """
        return text_or_error(await self.generate_content(prompt, **options))

    async def generate_content(
        self, prompt: Prompt, **options: Unpack[GenerateOptions]
    ) -> GenerateContentResponse:
        """A whole answer; one that asks to be continued is, at most `max_continuations` times.

        Functions among the `tools` are called, and the model is told what came of it, until it answers.

        Raises:
            PromptBlockedError: the prompt was refused.
            ToolRoundsError: the model goes on calling tools.
            GeminiServerError: the answer goes on without end.
        """
        dialogue = _asking.begin(self._generator, prompt, options)
        return await _asking.answer(self._generator, dialogue)

    def stream(self, prompt: Prompt, **options: Unpack[StreamOptions]) -> TokenStream:
        """The tokens of an answer as they come; nothing is sent before the stream is entered or iterated.

        `first_event_timeout` bounds each attempt up to the first event, `idle_timeout` the silence between
        two pieces, `total_timeout` the whole stream, looked at when it reads; all in seconds. The first two
        are the configuration's unless given.

        Example::

            async with gemini.stream("Tell me a story") as tokens:
                async for token in tokens:
                    print(token.text, end="")
            print(tokens.usage.total_tokens, tokens.finish_reason)
        """
        times, asked = _asking.apart(options)
        return _asking.stream(self._generator, _asking.begin(self._generator, prompt, asked), times)

    def stream_text(self, prompt: Prompt, **options: Unpack[StreamOptions]) -> TextStream:
        """The same, as pieces of text; leave it early only inside `async with`.

        Example::

            async for text in gemini.stream_text("Tell me a story"):
                print(text, end="")
        """
        return TextStream(self.stream(prompt, **options))

    async def generate_object(
        self,
        prompt: Prompt,
        kind: type[T] | TypeAdapter[T],
        *,
        repairs: int = 1,
        **options: Unpack[GenerateOptions],
    ) -> T:
        """An answer as a value of a type: a model, a dataclass, `list[Recipe]`, an enum and so on.

        One that does not fit goes back to the model with what is wrong, at most `repairs` times.

        Raises:
            NoObjectError: it does not fit in the end; holds `text` and `complaints`.
            AnswerCutError, AnswerBlockedError: the answer is not whole: half an object is none.
            InvalidRequestError: Gemini cannot express the type.

        Example::

            recipe = await gemini.generate_object("A cookie recipe", Recipe)
        """
        return await generate_object(self._generator, prompt, kind, repairs, options)

    def chat(
        self,
        *,
        history: Sequence[ContentLike] = (),
        restored: str | None = None,
        trim: Trim | None = None,
        **options: Unpack[GenerateOptions],
    ) -> Chat:
        """A conversation, with options for all of its turns; `restored` is what `Chat.to_json` wrote.

        Raises:
            InvalidRequestError: the history or a tool is wrong.

        Example::

            chat = gemini.chat(system="Be brief", tools=[get_weather], trim=Trim(8000))
            answer = await chat.send("What shall I wear in Oslo?")
        """
        return begin_chat(self._generator, options, history=history, restored=restored, trim=trim)

    async def count_tokens(self, prompt: Prompt, **options: Unpack[GenerateOptions]) -> TokenCount:
        """How many tokens a prompt is, with all that would be sent; costs none, and is not limited here."""
        return await count_tokens(self._generator, prompt, options)

    def estimate_tokens(self, prompt: Prompt, **options: Unpack[GenerateOptions]) -> int:
        """About how many, rather too many than too few: what limits and budgets reserve. Nothing is sent."""
        return estimate(_asking.begin(self._generator, prompt, options).body)

    @overload
    async def embed(  # type: ignore[overload-overlap]  # a text is a sequence of texts, too
        self, texts: str, **options: Unpack[EmbedOptions]
    ) -> list[float]: ...

    @overload
    async def embed(self, texts: Sequence[str], **options: Unpack[EmbedOptions]) -> list[list[float]]: ...

    async def embed(
        self, texts: str | Sequence[str], **options: Unpack[EmbedOptions]
    ) -> list[float] | list[list[float]]:
        """The vector of a text, or the vectors of many texts in their order.

        Many texts go out in several requests, `concurrency` (4) of them at once, with at most `chunk_items`
        (100) texts and about `chunk_tokens` (20,000) tokens in each. `dimensions` shortens the vectors;
        `task_type` is Google's, for example `RETRIEVAL_QUERY`; `title` belongs to a `RETRIEVAL_DOCUMENT`.

        Raises:
            InvalidRequestError: a text is empty; nothing was sent.
            EmbeddingsInterruptedError: one of several requests failed; `vectors` are those of the others.

        Example::

            question, *answers = await gemini.embed(["Why is the sky blue?", "Rayleigh scattering", "Magic"])
        """
        return await Embedder.of(self._api, self._lanes, self._config, options).embed(texts)

    @property
    def files(self) -> Files:
        """Files that prompts can name."""
        return Files(self._api, upload_root=f"{self._config.base_url}/upload/{self._config.api_version}")

    @property
    def caches(self) -> Caches:
        """Contents that Google keeps for many prompts."""
        return Caches(self._api)

    @property
    def batches(self) -> Batches:
        """Generations that may take a day, at a lower price."""
        return Batches(self._api, self.files)

    @property
    def models(self) -> Models:
        """What models there are."""
        return Models(self._api)

    async def health_check(self) -> Health:
        """Is Gemini there, and is the key good? Costs no tokens, and moves neither breaker nor retry."""
        return await self._channel.probe(
            self._endpoint.greeting(), partial(read_any, failures=self._failures)
        )

    @property
    def _api(self) -> Api:
        return Api(self._channel, self._endpoint, self._failures)

    def __repr__(self) -> str:
        return f"<GeminiService {self._endpoint.root!r}, model {self._endpoint.model!r}>"
