"""Attempts as a loop: for what does not fit into one function."""

import asyncio
from types import TracebackType
from typing import Self

from viber.resilience._call import Call
from viber.resilience._timeouts import translated


class AttemptBlock:
    """One attempt of a loop: what stands in its `async with` block is tried.

    An exception that leaves the block ends the loop, unless another attempt follows.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._scope: asyncio.Timeout | None = None
        self.delay: float | None = None
        """Seconds until the next attempt, None if there is none."""
        self.is_over: bool = False

    @property
    def number(self) -> int:
        """Which attempt it is, from 1; 0 before the block is entered."""
        return self._call.number

    async def __aenter__(self) -> Self:
        call = self._call
        try:
            if call.policies.has_lines:
                await call.line_up()
            limit = call.begin()
        except BaseException as error:
            self.is_over = True
            call.finish(error)
            raise
        if limit is not None:
            self._scope = call.policies.clock.timeout(limit)
            await self._scope.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.is_over = True
        raised = error
        if self._scope is not None:
            try:
                await self._scope.__aexit__(kind, error, trace)
            except TimeoutError as ran_out:
                raised = ran_out
        if raised is None:
            self.delay = self._call.succeed(None)
            return False
        failure = translated(raised, self._scope, self._call)
        self.delay = self._call.fail(failure)
        if self.delay is not None:
            return True
        self._call.finish(failure)
        if failure is error:
            return False
        raise failure from raised


class Attempts:
    """The attempts of one call, for `async for attempt in ...:` with `async with attempt:` inside."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._block: AttemptBlock | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AttemptBlock:
        block = self._block
        if block is None:
            self._call.start()
        elif not block.is_over:
            raise RuntimeError("enter each attempt: `async with attempt:` around what is to be tried")
        elif block.delay is None:
            raise StopAsyncIteration
        else:
            await self._call.policies.clock.sleep(block.delay)
        self._block = AttemptBlock(self._call)
        return self._block
