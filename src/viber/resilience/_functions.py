"""What is handed in to be awaited, and what to say when it is something else."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from inspect import isasyncgenfunction, isawaitable, iscoroutine
from types import CoroutineType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

GUARDED_BY = "__guarded_by__"
"""Where a protected function names the policies that it passes."""


class MisuseError(TypeError):
    """What was passed is no coroutine function: it says nothing about a service."""


def require_function(fn: object) -> None:
    """Refuse what cannot be called and awaited, as far as that can be seen before.

    Raises:
        TypeError: it says what to pass instead.
    """
    if iscoroutine(fn):
        fn.close()  # it will never be awaited: Python need not say so too
        raise MisuseError(
            f"pass the function and its arguments, not the coroutine {fn.__name__}(): "
            f"run({fn.__name__}, ...) instead of run({fn.__name__}(...))"
        )
    if not callable(fn):
        raise MisuseError(f"pass a coroutine function and its arguments, not {type(fn).__name__!r}")
    if isasyncgenfunction(fn):
        raise MisuseError(
            f"{_name(fn)} is an async generator, which is not awaited: pass a coroutine function"
        )


def require_new(fn: object, policies: tuple[object, ...]) -> tuple[object, ...]:
    """Every policy on the way to a function, these included.

    Raises:
        TypeError: one of them guards it already: each call would be counted twice.
    """
    already: tuple[object, ...] = getattr(fn, GUARDED_BY, ())
    twice = [policy for policy in policies if any(policy is other for other in already)]
    if twice:
        raise MisuseError(f"{_name(fn)} is guarded by {twice[0]!r} already: pass the function without it")
    return (*already, *policies)


def protected(
    fn: Callable[P, Awaitable[T]], run: Callable[..., Awaitable[T]], *policies: object
) -> Callable[P, Coroutine[Any, Any, T]]:
    """A function of the same type, each of whose calls goes through `run`, past these policies.

    Raises:
        TypeError: this is no coroutine function, or one of these policies guards it already.
    """
    require_function(fn)
    guards = require_new(fn, policies)

    @wraps(fn)
    async def behind(*args: P.args, **kwargs: P.kwargs) -> T:
        return await run(fn, *args, **kwargs)

    setattr(behind, GUARDED_BY, guards)
    return behind


def require_awaitable(fn: object, result: object) -> None:
    """Refuse what a function returned, unless it can be awaited.

    Raises:
        TypeError: it says what to pass instead.
    """
    if not isawaitable(result):
        raise MisuseError(
            f"{_name(fn)} returned {type(result).__name__!r}, which cannot be awaited: "
            "pass a coroutine function (async def)"
        )


def begin(fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    """Call a function whose result is to be awaited.

    Raises:
        TypeError: what it returned cannot be awaited.
    """
    awaitable = fn(*args, **kwargs)
    if awaitable.__class__ is not CoroutineType:
        require_awaitable(fn, awaitable)
    return awaitable


def _name(fn: object) -> str:
    return getattr(fn, "__qualname__", None) or repr(fn)
