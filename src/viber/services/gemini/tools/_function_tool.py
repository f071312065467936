"""A Python function as a tool of the model."""

import asyncio
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, get_type_hints
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticUserError

from viber.services.gemini._errors import refusal
from viber.services.gemini.content._json import Json
from viber.services.gemini.generating._schema import schema_of
from viber.services.gemini.tools._docstring import Docstring, read_docstring

_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,63}", re.ASCII)
_NAMED = frozenset({inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY})


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function that the model may call: declared by its annotations and its docstring.

    An async function is awaited, any other runs in a worker thread, which a time limit or a cancellation
    cannot stop, only leave. Make one by `of`; a function in `tools=[...]` becomes one by itself.

    Example:
        >>> def get_weather(city: str, days: int = 1) -> str:
        ...     '''What the weather will be.
        ...
        ...     Args:
        ...         city: Its English name.
        ...     '''
        ...     return "rain"
        >>> FunctionTool.of(get_weather).declaration["parametersJsonSchema"]["properties"]["city"]
        {'type': 'string', 'description': 'Its English name.'}
    """

    name: str
    description: str
    parameters: Json
    """The JSON schema of the arguments."""
    function: Callable[..., Any]
    timeout: float | None = None
    """Seconds for a call of this tool, in place of `tool_timeout`."""
    _arguments: type[BaseModel] = field(kw_only=True, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = None,
    ) -> Self:
        """Declare a function.

        Raises:
            InvalidRequestError: an argument has no annotation, or one that Gemini cannot express.
        """
        called = str(name or getattr(function, "__name__", ""))
        if not _NAME.fullmatch(called):
            raise refusal(f"not the name of a tool: {called!r}", suggestion="FunctionTool.of(..., name=)")
        form = _form_of(function, called)
        return cls(
            name=called,
            description=description or form.summary,
            parameters=form.parameters,
            function=function,
            timeout=timeout,
            _arguments=form.arguments,
        )

    @property
    def declaration(self) -> Json:
        """The declaration as Google reads it."""
        said = {"description": self.description} if self.description else {}
        return {"name": self.name, **said, "parametersJsonSchema": self.parameters}

    async def call(self, args: Mapping[str, Any]) -> Any:
        """Check the arguments, and run it.

        Raises:
            ValidationError: they do not fit.
            Exception: whatever the function raises.
        """
        checked = self._checked(args)
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**checked)
        result = await asyncio.to_thread(_called, self.function, checked)
        return await result if inspect.isawaitable(result) else result

    def _checked(self, args: Mapping[str, Any]) -> dict[str, Any]:
        given = self._arguments.model_validate(args)
        fields = self._arguments.model_fields
        return {str(fields[name].alias): getattr(given, name) for name in given.model_fields_set}


def _called(function: Callable[..., Any], args: Mapping[str, Any]) -> Any:
    try:
        return function(**args)
    except StopIteration as error:  # which no future can hold: who waits for the thread would wait for ever
        raise RuntimeError("the function raised StopIteration") from error


class _Form(NamedTuple):
    """What a declaration takes from a function; it holds no reference to it."""

    name: str
    summary: str
    parameters: Json
    arguments: type[BaseModel]

    @classmethod
    def of(cls, function: Callable[..., Any], name: str) -> Self:
        docstring = read_docstring(inspect.getdoc(function))
        arguments = _model_of(function, name, docstring)
        return cls(name, docstring.summary, schema_of(TypeAdapter(arguments), name), arguments)


_KNOWN: WeakKeyDictionary[Callable[..., Any], _Form] = WeakKeyDictionary()
"""Of functions that live: a class is made for each, which is not done for each call."""


def _form_of(function: Callable[..., Any], name: str) -> _Form:
    if not inspect.isfunction(function):
        return _Form.of(function, name)
    form = _KNOWN.get(function)
    if form is None or form.name != name:
        form = _KNOWN[function] = _Form.of(function, name)
    return form


def _model_of(function: Callable[..., Any], name: str, docstring: Docstring) -> type[BaseModel]:
    """Arguments as a model; its fields are numbered, so that any name may be an argument's."""
    fields: dict[str, Any] = {
        f"argument_{place}": (annotation, _field(parameter, docstring.arguments.get(parameter.name)))
        for place, (parameter, annotation) in enumerate(_annotated(function, name))
    }
    config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    try:
        return create_model(name, __config__=config, **fields)
    except (PydanticUserError, TypeError) as error:
        raise refusal(f"the tool {name}: {str(error).partition(chr(10))[0]}") from error


def _annotated(function: Callable[..., Any], name: str) -> list[tuple[inspect.Parameter, Any]]:
    try:
        parameters = inspect.signature(function).parameters.values()
        hints = get_type_hints(_annotations_of(function), include_extras=True)
    except (NameError, TypeError, ValueError) as error:
        raise refusal(f"the tool {name} cannot be declared: {error}") from error
    for parameter in parameters:
        if parameter.kind not in _NAMED:
            raise refusal(f"the tool {name}: {parameter} has no name for the model to use")
        if parameter.name not in hints:
            raise refusal(
                f"the tool {name}: `{parameter.name}` has no annotation",
                suggestion=f"write `{parameter.name}: str`, or what else it is",
            )
    return [(parameter, hints[parameter.name]) for parameter in parameters]


def _annotations_of(function: Callable[..., Any]) -> Any:
    inner = inspect.unwrap(getattr(function, "func", function))  # of a functools.partial
    return inner if inspect.isroutine(inner) else type(inner).__call__


def _field(parameter: inspect.Parameter, told: str | None) -> Any:
    if parameter.default is parameter.empty:
        return Field(alias=parameter.name, description=told)
    return Field(default=None, alias=parameter.name, description=told)  # the function has its own default
