"""A question, and the rounds in which the model has tools called before it answers."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from viber.clock import Clock
from viber.errors import BaseError
from viber.observability import redact_text
from viber.services.gemini._errors import ToolRoundsError, refusal
from viber.services.gemini._options import GenerateOptions, Prompt
from viber.services.gemini.content._answers import is_withheld
from viber.services.gemini.content._json import Json, is_object
from viber.services.gemini.content._models import Content, GenerateContentResponse, Record
from viber.services.gemini.content._part import FunctionCall, Part
from viber.services.gemini.content._wire import generate_body
from viber.services.gemini.generating._question import ModelNames
from viber.services.gemini.generating._schema import complaints_of
from viber.services.gemini.tools._tool_call import ToolCall
from viber.services.gemini.tools._toolbox import Toolbox

MAX_TOOL_ROUNDS = 8
TOOL_TIMEOUT = 30.0
_TOLD = 500


class Dialogue:
    """What is asked, and all that was said and called since.

    Raises:
        InvalidRequestError: the prompt, an option or a tool is wrong.
    """

    def __init__(
        self, prompt: Prompt, options: GenerateOptions, clock: Clock, *, schema: Json | None = None
    ) -> None:
        toolbox = Toolbox.of(options.get("tools") or ())
        self.model: ModelNames | None = options.get("model")
        self.body: Json = generate_body(prompt, options, tools=toolbox.wire, schema=schema)
        self._toolbox = toolbox
        self._is_automatic = bool(toolbox.functions) and options.get("automatic", True)
        self._most = options.get("max_tool_rounds", MAX_TOOL_ROUNDS)
        self._timeout = options.get("tool_timeout", TOOL_TIMEOUT)
        self._clock = clock
        if self._is_automatic and self._calling().get("streamFunctionCallArguments"):
            raise refusal("arguments in pieces cannot be called with here", suggestion="automatic=False")
        if self._most < 0:
            raise refusal(f"max_tool_rounds is at least 0, not {self._most}", suggestion="automatic=False")
        self._rounds = 0
        self._turns: list[Content] = []
        self._calls: list[ToolCall] = []

    @property
    def is_automatic(self) -> bool:
        """There are functions to be called here."""
        return self._is_automatic

    @property
    def record(self) -> Record:
        """What went before the last answer."""
        return Record(tuple(self._turns), tuple(self._calls))

    def say(self, *turns: Content) -> None:
        """Go on with these turns; those of the model stay as they came."""
        self._turns += turns
        said = [turn.to_wire() for turn in turns]
        self.body = {**self.body, "contents": [*self.body["contents"], *said]}

    async def follow(self, answer: GenerateContentResponse) -> bool:
        """Call what the answer calls, and tell the model; False if the caller has to, or nothing is called.

        Raises:
            ToolRoundsError: there were too many rounds.
        """
        calls = () if is_withheld(answer) else answer.function_calls
        if not (calls and self._is_automatic) or any(call.name in self._toolbox.foreign for call in calls):
            return False
        if self._rounds >= self._most:
            raise ToolRoundsError.after(self._rounds, self._calls)
        self._rounds += 1
        outcomes = await self._run(calls)
        self._calls += outcomes
        told = [
            Part.of_function_response(call, outcome.response)
            for call, outcome in zip(calls, outcomes, strict=True)
        ]
        self.say(answer.turns[-1], Content(role="user", parts=tuple(told)))
        self._call_freely()
        return True

    async def _run(self, calls: Sequence[FunctionCall]) -> list[ToolCall]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._call(call)) for call in calls]
        return [task.result() for task in tasks]

    async def _call(self, call: FunctionCall) -> ToolCall:
        began = self._clock.now()
        response, error = await self._outcome(call)
        return ToolCall(call.name, call.args, response, self._clock.now() - began, error)

    async def _outcome(self, call: FunctionCall) -> tuple[Json, Exception | None]:
        try:
            return _serialised(await self._result(call)), None
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            failure = RuntimeError(f"{call.name} was cancelled")
            failure.__cause__ = error
            return {"error": _told(failure)}, failure
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is told to the model and recorded
            return {"error": _told(error)}, error

    async def _result(self, call: FunctionCall) -> Any:
        tool = self._toolbox.functions.get(call.name)
        if tool is None:
            raise LookupError(f"there is no function {call.name!r}; there are {_names(self._toolbox)}")
        limit = self._timeout if tool.timeout is None else tool.timeout
        timer = self._clock.timeout(limit)
        try:
            async with timer:
                return await tool.call(call.args)
        except TimeoutError as error:
            if timer.expired():
                raise TimeoutError(f"no result within {limit} s") from error
            raise

    def _call_freely(self) -> None:
        """A call that was demanded has been made: demanded in each round, there would be no end."""
        if self._calling().get("mode") == "ANY":
            config = {**self.body["toolConfig"], "functionCallingConfig": {"mode": "AUTO"}}
            self.body = {**self.body, "toolConfig": config}

    def _calling(self) -> Json:
        config: Json = self.body.get("toolConfig") or {}
        return config.get("functionCallingConfig") or {}


def _names(toolbox: Toolbox) -> str:
    return ", ".join(sorted(toolbox.functions))


def _serialised(result: Any) -> Json:
    value = from_json(to_json(result, inf_nan_mode="strings"))
    return value if is_object(value) else {"output": value}


def _told(error: Exception) -> str:
    """What the model is told of an error: no secret, and not a page of it."""
    match error:
        case ValidationError():
            text = "; ".join(complaints_of(error))
        case BaseError():
            text = error.message
        case _:
            text = f"{type(error).__name__}: {error}"
    return redact_text(text, limit=_TOLD).encode(errors="replace").decode()
