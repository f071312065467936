"""Asking and being answered, in all the ways there are, with tools called in between."""

from dataclasses import dataclass

from viber.services.gemini._dialogue import Dialogue
from viber.services.gemini._generation import Generator
from viber.services.gemini._models import GenerateContentResponse
from viber.services.gemini._options import GenerateOptions, Prompt, StreamOptions, StreamTimes, check_names
from viber.services.gemini._stream import Asking, TokenStream

_TIMES = StreamTimes.__annotations__.keys()


def begin(generator: Generator, prompt: Prompt, options: GenerateOptions) -> Dialogue:
    """A question that has not been asked yet.

    Raises:
        InvalidRequestError: the prompt, an option or a tool is wrong.
        TypeError: there is no such option.
    """
    check_names(options, GenerateOptions)
    return Dialogue(prompt, options, generator.channel.pipeline.clock)


async def answer(generator: Generator, dialogue: Dialogue) -> GenerateContentResponse:
    """The last answer of a dialogue, with what all of it took.

    Raises:
        ToolRoundsError: the model goes on calling tools.
        BaseError: there is no answer.
    """
    answer = await generator.whole(dialogue.model, dialogue.body)
    spent = answer.usage
    while await dialogue.follow(answer):
        answer = await generator.whole(dialogue.model, dialogue.body)
        spent += answer.usage
    return answer.recorded(dialogue.record, spent)


def stream(generator: Generator, prompt: Prompt, options: StreamOptions) -> TokenStream:
    """The same, in pieces.

    Raises:
        InvalidRequestError: the prompt, an option or a tool is wrong.
        TypeError: there is no such option.
    """
    times: StreamTimes = {}
    asked: GenerateOptions = {}
    for name, value in options.items():
        (times if name in _TIMES else asked)[name] = value  # type: ignore[literal-required]
    sequel = _Sequel(generator, begin(generator, prompt, asked))
    return generator.stream(sequel.asking(), sequel if sequel.dialogue.is_automatic else None, **times)


@dataclass(frozen=True, slots=True)
class _Sequel:
    """Goes on with a stream while tools are called."""

    generator: Generator
    dialogue: Dialogue

    def asking(self) -> Asking:
        return self.generator.streaming(self.dialogue.model, self.dialogue.body)

    async def follow(self, answer: GenerateContentResponse, /) -> Asking | None:
        return self.asking() if await self.dialogue.follow(answer) else None

    def recorded(self, answer: GenerateContentResponse, /) -> GenerateContentResponse:
        return answer.recorded(self.dialogue.record, answer.usage)
