"""A conversation that remembers what was said."""

from collections.abc import Generator as Steps
from collections.abc import Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Unpack

from viber.services.gemini._errors import refusal
from viber.services.gemini._options import (
    ContentLike,
    GenerateOptions,
    Prompt,
    StreamOptions,
    StreamTimes,
    check_names,
)
from viber.services.gemini.chatting._chat_state import ChatState, content_of
from viber.services.gemini.chatting._trim import Trim, exchanges
from viber.services.gemini.content._answers import usable_or_error
from viber.services.gemini.content._models import Content, GenerateContentResponse
from viber.services.gemini.content._usage import UsageMetadata
from viber.services.gemini.content._wire import contents
from viber.services.gemini.generating import _asking
from viber.services.gemini.generating._dialogue import Dialogue
from viber.services.gemini.generating._estimate import estimate
from viber.services.gemini.generating._generation import Generator
from viber.services.gemini.generating._question import models_of
from viber.services.gemini.streaming._stream import TokenStream
from viber.services.gemini.tools._toolbox import declared


class Chat:
    """A conversation: each message goes out with what was said before, as it was said.

    A turn that fails, breaks off or is blocked leaves the history as it was. One turn at a time. Of several
    models, the one that answers first answers from then on: signatures do not move between models.

    Example::

        chat = gemini.chat(system="Be brief")
        print((await chat.send("Name a river")).text)
        async with chat.stream("Where does it end?") as tokens:
            async for token in tokens:
                print(token.text, end="")
    """

    def __init__(
        self, generator: Generator, state: ChatState, options: GenerateOptions, trim: Trim | None
    ) -> None:
        self._generator = generator
        self._state = state
        self._options: GenerateOptions = {**options, "system": state.system}
        self._options["tools"] = declared(options.get("tools") or ())
        self._trim = trim
        self._scale = 1.0
        self._is_busy = False

    @property
    def history(self) -> tuple[Content, ...]:
        """All turns so far, those that are not sent any more among them."""
        return self._state.history

    @property
    def usage(self) -> UsageMetadata:
        """What the turns of the history took together."""
        return self._state.usage

    async def send(self, message: Prompt, **options: Unpack[GenerateOptions]) -> GenerateContentResponse:
        """Say something; the options are for this turn, beside those of the chat.

        Raises:
            AnswerBlockedError, NoTextError: nothing came that can be part of a conversation.
            GeminiError, TimeoutError, TransportError: there is no answer.
            RuntimeError: another turn is under way.
        """
        with self._alone():
            turn = self._ask(message, options)
            answer = await _asking.answer(self._generator, turn.dialogue)
            self._keep(turn, answer)
        return answer

    def stream(self, message: Prompt, **options: Unpack[StreamOptions]) -> "ChatStream":
        """Say something, and get the answer in pieces, in an `async with` block.

        The turn is in the history after the block, if the stream was read to its end and the block raised
        nothing.

        Raises:
            StreamInterruptedError: the answer broke off.
            BaseError: as `send`.
        """
        times, asked = _asking.apart(options)
        return ChatStream(self._streamed(message, asked, times))

    def to_json(self) -> str:
        """The conversation as text, for `gemini.chat(restored=...)`; tools and options are not part of it."""
        return self._state.to_json()

    @contextmanager
    def _streamed(self, message: Prompt, options: GenerateOptions, times: StreamTimes) -> Steps[TokenStream]:
        with self._alone():
            turn = self._ask(message, options)
            yield (tokens := _asking.stream(self._generator, turn.dialogue, times))
            if tokens.is_complete:
                self._keep(turn, tokens.response)

    def _ask(self, message: Prompt, options: GenerateOptions) -> "_Turn":
        said = contents(message)
        if len(said) != 1 or said[0]["role"] != "user":
            raise refusal("a message is one turn of the user", suggestion="chat(history=[...]) takes several")
        mine = content_of(said[0])
        prompt = [*self._sent(mine), mine]
        return _Turn(
            mine,
            _asking.begin(self._generator, prompt, {**self._options, "model": self._state.models, **options}),
        )

    def _sent(self, message: Content) -> tuple[Content, ...]:
        if self._trim is None:
            return self.history
        past = exchanges(self.history)
        weights = [self._weight(*exchange) for exchange in past]
        kept = self._trim.keep(weights, self._weight(message))
        return tuple(turn for place in kept for turn in past[place])

    def _weight(self, *turns: Content) -> float:
        return estimate({"contents": [turn.to_wire() for turn in turns]}) * self._scale

    def _keep(self, turn: "_Turn", answer: GenerateContentResponse) -> None:
        usable_or_error(answer)
        if not answer.tool_calls and answer.usage.prompt_tokens:  # of one request, so that they compare
            self._scale = answer.usage.prompt_tokens / estimate(turn.dialogue.body)
        self._state = self._state.after([turn.message, *answer.turns], answer)

    @contextmanager
    def _alone(self) -> Steps[None]:
        if self._is_busy:
            raise RuntimeError("another turn of this chat is under way: await it first, or make another chat")
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    def __repr__(self) -> str:
        return f"<Chat with {' or '.join(self._state.models)}, {len(self.history)} turns>"


@dataclass(frozen=True, slots=True)
class _Turn:
    message: Content
    dialogue: Dialogue


class ChatStream:
    """A turn of a chat whose answer comes in pieces: entered, it is a `TokenStream`."""

    def __init__(self, turn: AbstractContextManager[TokenStream]) -> None:
        self._turn = turn
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> TokenStream:
        async with AsyncExitStack() as stack:
            tokens = await stack.enter_async_context(stack.enter_context(self._turn))
            self._stack = stack.pop_all()
        return tokens

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)


def begin_chat(
    generator: Generator,
    options: GenerateOptions,
    *,
    history: Sequence[ContentLike],
    restored: str | None,
    trim: Trim | None,
) -> Chat:
    """A chat that is new, goes on from a history, or from what was written down.

    Raises:
        InvalidRequestError: the history or a tool is wrong, or what was written down is no chat.
        TypeError: there is no such option.
    """
    check_names(options, GenerateOptions)
    system, model = options.get("system"), options.get("model")
    if restored is None:
        models = generator.lanes.models if model is None else models_of(model)
        state = ChatState.of(models, system, history)
    else:
        if history:
            raise TypeError("a chat is restored, or goes on from a history, not both")
        state = ChatState.from_json(restored).under(model, system)
    return Chat(generator, state, options, trim)
