"""Asking and being answered, in all the ways there are, with tools called in between."""

from dataclasses import dataclass
from typing import cast

from viber.errors import BaseError
from viber.services.gemini._options import GenerateOptions, Prompt, StreamOptions, StreamTimes, check_names
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.generating._dialogue import Dialogue
from viber.services.gemini.generating._generation import Generator
from viber.services.gemini.generating._question import Question
from viber.services.gemini.streaming._stream import TokenStream

_TIMES = StreamTimes.__annotations__.keys()


def begin(
    generator: Generator, prompt: Prompt, options: GenerateOptions, *, schema: Json | None = None
) -> Dialogue:
    """A question that has not been asked yet; with a schema that its answer shall have.

    Raises:
        InvalidRequestError: the prompt, an option or a tool is wrong.
        TypeError: there is no such option.
    """
    check_names(options, GenerateOptions)
    return Dialogue(prompt, options, generator.channel.pipeline.clock, schema=schema)


async def answer(generator: Generator, dialogue: Dialogue) -> GenerateContentResponse:
    """The last answer of a dialogue, with what all of it took.

    Raises:
        ToolRoundsError: the model goes on calling tools.
        BaseError: there is no answer.
    """
    answer = await generator.whole(dialogue.model, dialogue.body)
    try:
        while await dialogue.follow(answer):
            later = await generator.whole(answer.model, dialogue.body)
            spent, receipt = answer.usage + later.usage, answer.receipt + later.receipt
            answer = later.recorded(dialogue.record, spent, receipt)
    except BaseError as error:
        _tell(dialogue, error)
        raise
    return answer


def stream(generator: Generator, dialogue: Dialogue, times: StreamTimes) -> TokenStream:
    """The same, in pieces.

    Raises:
        InvalidRequestError: the request cannot be sent.
    """
    sequel = _Sequel(generator, dialogue)
    return generator.stream(sequel.question(), sequel if dialogue.is_automatic else None, **times)


def apart(options: StreamOptions) -> tuple[StreamTimes, GenerateOptions]:
    """The time limits of a stream, and what is asked.

    Raises:
        TypeError: there is no such option.
    """
    check_names(options, StreamOptions)
    times = {name: value for name, value in options.items() if name in _TIMES}
    asked = {name: value for name, value in options.items() if name not in _TIMES}
    return cast("StreamTimes", times), cast("GenerateOptions", asked)


@dataclass(frozen=True, slots=True)
class _Sequel:
    """Goes on with a stream while tools are called."""

    generator: Generator
    dialogue: Dialogue

    def question(self) -> Question:
        return self.generator.streaming(self.dialogue.model, self.dialogue.body)

    async def follow(self, answer: GenerateContentResponse, /) -> Question | None:
        if not await self.dialogue.follow(answer):
            return None
        return self.generator.streaming(answer.model, self.dialogue.body)

    def recorded(self, answer: GenerateContentResponse, /) -> GenerateContentResponse:
        return answer.recorded(self.dialogue.record, answer.usage, answer.receipt)

    def tell(self, error: BaseError, /) -> None:
        _tell(self.dialogue, error)


def _tell(dialogue: Dialogue, error: BaseError) -> None:
    if calls := dialogue.record.tool_calls:  # whoever asks again has them called again
        error.add_note(f"tools had been called: {', '.join(call.name for call in calls)}")
