"""What is handed in to be awaited, and what each way in says when it is something else."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import pytest

from viber.machines import RateLimit
from viber.resilience import (
    Bulkhead,
    ChaosFault,
    ChaosLatency,
    CircuitBreaker,
    Fallback,
    Pipeline,
    RateLimiter,
)
from viber.resilience._functions import (
    GUARDED_BY,
    MisuseError,
    begin,
    require_awaitable,
    require_function,
    require_new,
)


async def work() -> int:
    return 42


async def stream() -> AsyncIterator[int]:
    yield 42


class Later:
    """Can be awaited, and is no coroutine."""

    def __await__(self) -> Generator[Any, None, int]:
        return work().__await__()


class Worker:
    """Can be called in several ways."""

    async def __call__(self) -> int:
        return 42

    async def method(self) -> int:
        return 42


@pytest.mark.parametrize(
    "fn",
    [work, Worker(), Worker().method, functools.partial(work), lambda *_: work(), Later],
    ids=["function", "object", "method", "partial", "lambda", "awaitable"],
)
async def test_whatever_returns_something_to_await_is_taken(fn: Callable[[], Awaitable[int]]) -> None:
    """Not only functions written with `async def`."""
    require_function(fn)
    assert await begin(fn) == 42


async def test_a_future_is_something_to_await() -> None:
    """What a function returns may be under way already."""
    assert await begin(lambda: asyncio.ensure_future(work())) == 42


def test_a_coroutine_is_closed_and_explained() -> None:
    """It can be awaited once only; closed, it does not complain that it never was."""
    coroutine = work()
    with pytest.raises(TypeError, match=r"run\(work, ...\) instead of run\(work\(...\)\)"):
        require_function(coroutine)
    with pytest.raises(RuntimeError, match="reuse"):
        coroutine.send(None)


@pytest.mark.parametrize("thing", [42, None, "work", Later()], ids=lambda thing: type(thing).__name__)
def test_what_cannot_be_called_is_named(thing: object) -> None:
    """By its type, since its value may be a secret."""
    with pytest.raises(
        TypeError, match=f"coroutine function and its arguments, not {type(thing).__name__!r}"
    ):
        require_function(thing)


@pytest.mark.parametrize("fn", [stream, functools.partial(stream)], ids=["function", "partial"])
def test_an_async_generator_is_not_awaited(fn: object) -> None:
    """It would never run, and its result be taken for one."""
    with pytest.raises(TypeError, match="async generator"):
        require_function(fn)


@pytest.mark.parametrize("result", [42, None, [], work], ids=["number", "none", "list", "function"])
def test_what_a_sync_function_returned_is_named(result: object) -> None:
    """It was called already; the error says by which name, and what came back."""

    def sync() -> object:
        return result

    with pytest.raises(TypeError, match=rf"sync returned {type(result).__name__!r}, which cannot be awaited"):
        begin(sync)  # type: ignore[arg-type]


def test_a_function_without_a_name_is_shown() -> None:
    """A partial has none of its own."""
    with pytest.raises(TypeError, match=r"functools.partial\(.*returned 'int'"):
        require_awaitable(functools.partial(int), 0)


def test_a_misuse_is_a_type_error_of_its_own() -> None:
    """So that no policy takes it for a failure of the service."""
    assert issubclass(MisuseError, TypeError)


async def test_a_keyword_of_any_name_reaches_the_function() -> None:
    """Also the name that ours has for it."""

    async def echo(**given: object) -> object:
        return given

    assert await begin(echo, fn=1) == {"fn": 1}


async def instead(_: Exception) -> int:
    return 0


POLICIES: dict[str, Callable[[], Any]] = {
    "breaker": CircuitBreaker,
    "bulkhead": lambda: Bulkhead(1),
    "limiter": lambda: RateLimiter(RateLimit(requests=1)),
    "fallback": lambda: Fallback(instead, on=ValueError),
    "chaos": lambda: ChaosFault(ValueError, rate=0.5),
}


@pytest.fixture(params=POLICIES.values(), ids=POLICIES)
def policy(request: pytest.FixtureRequest) -> Any:
    """Each of the policies that have a way in of their own."""
    return request.param()


def test_the_same_policy_twice_is_refused(policy: Any) -> None:
    """Each call would be counted twice, or wait for itself."""
    with pytest.raises(TypeError, match=r"work is guarded by .* already"):
        policy.protect(policy.protect(work))


def test_the_same_policy_twice_is_found_through_others(policy: Any) -> None:
    """However many stand in between."""
    inner = Bulkhead(1).protect(CircuitBreaker().protect(policy.protect(work)))
    with pytest.raises(TypeError, match="already"):
        policy.protect(inner)


def test_the_same_policy_in_a_pipeline_is_refused(policy: Any) -> None:
    """A pipeline brings its policies along, and meets those that are there."""
    field = next(name for name, make in POLICIES.items() if isinstance(policy, type(make())))
    pipeline = Pipeline("quotes", **{field: [policy] if field == "chaos" else policy})
    with pytest.raises(TypeError, match="already"):
        pipeline.protect(policy.protect(work))
    with pytest.raises(TypeError, match="already"):
        policy.protect(pipeline.protect(work))


def test_two_policies_of_one_kind_are_two(policy: Any) -> None:
    """Equal is not the same: two limits, one within the other, make sense."""
    other = next(make() for make in POLICIES.values() if isinstance(policy, type(make())))
    protected = other.protect(policy.protect(work))
    assert getattr(protected, GUARDED_BY) == (policy, other)


def test_a_function_may_have_several_protected_forms(policy: Any) -> None:
    """The function itself stays as it was."""
    policy.protect(work)
    policy.protect(work)
    assert not hasattr(work, GUARDED_BY)


def test_the_same_chaos_twice_in_one_pipeline_is_refused() -> None:
    """One policy has one rate."""
    chaos = ChaosLatency(1.0, rate=0.1)
    with pytest.raises(TypeError, match="twice"):
        Pipeline("quotes", chaos=[chaos, chaos])


def test_new_policies_are_added_to_those_on_the_way() -> None:
    """From the inside out."""

    def fn() -> None: ...

    setattr(fn, GUARDED_BY, ("inner",))
    assert require_new(fn, ("middle", "outer")) == ("inner", "middle", "outer")
