"""The tools of a question: called here, called by the caller, or run by Google."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast, get_args

from viber.services.gemini._errors import refusal
from viber.services.gemini._options import BuiltInTool, ToolLike
from viber.services.gemini.content._json import Json, objects_in
from viber.services.gemini.content._shape import name_on_wire
from viber.services.gemini.tools._function_tool import FunctionTool

_BUILT_IN = frozenset(get_args(BuiltInTool))


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Functions by name, and everything as Google reads it."""

    functions: Mapping[str, FunctionTool]
    foreign: frozenset[str]
    """Names of declared functions that are the caller's to call."""
    wire: Sequence[Json]

    @classmethod
    def of(cls, tools: Sequence[ToolLike]) -> Self:
        """Sort tools, and declare what is not declared yet.

        Raises:
            InvalidRequestError: a function cannot be declared, or two have one name.
        """
        if not tools:
            return cls({}, frozenset(), ())
        if isinstance(tools, str | Mapping) or callable(tools):  # a caller without a type checker
            raise TypeError("tools is a list of functions, names and mappings: write [...] around one")
        functions = [_function(tool) for tool in tools if _is_ours(tool)]
        others = [_on_wire(tool) for tool in tools if not _is_ours(tool)]
        foreign = [str(one.get("name")) for tool in others for one in _declared_in(tool)]
        names = [tool.name for tool in functions] + foreign
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise refusal(
                f"two tools have the name {twice[0]!r}", suggestion="FunctionTool.of(function, name=...)"
            )
        ours: list[Json] = []
        if functions:
            ours = [{"functionDeclarations": [tool.declaration for tool in functions]}]
        return cls({tool.name: tool for tool in functions}, frozenset(foreign), ours + others)


def declared(tools: Sequence[ToolLike]) -> list[ToolLike]:
    """The same tools, with functions declared once and for all.

    Raises:
        InvalidRequestError: a function cannot be declared.
    """
    return [_function(tool) if _is_ours(tool) else tool for tool in tools]


def _is_ours(tool: ToolLike) -> bool:
    return isinstance(tool, FunctionTool) or callable(tool)


def _function(tool: Any) -> FunctionTool:
    return tool if isinstance(tool, FunctionTool) else FunctionTool.of(tool)


def _on_wire(tool: Any) -> Json:
    if isinstance(tool, str):
        if tool not in _BUILT_IN:
            known = ", ".join(sorted(_BUILT_IN))
            raise refusal(f"no such built-in tool: {tool!r}", suggestion=f"{known}, or Google's JSON")
        return {name_on_wire(tool): {}}
    if not isinstance(tool, Mapping):
        raise TypeError(f"a tool is a function, a name or a mapping, not {type(tool).__name__!r}")
    wire: Json = dict(cast("Mapping[str, Any]", tool))
    if "name" in wire:
        return {"functionDeclarations": [wire]}
    return {name_on_wire(name): value for name, value in wire.items()}


def _declared_in(tool: Json) -> list[Json]:
    return list(objects_in(tool.get("functionDeclarations")))
