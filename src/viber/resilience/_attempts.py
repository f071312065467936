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
        self._is_entered = False
        self.delay: float | None = None
        """Seconds until the next attempt, None if there is none."""
        self.is_over: bool = False

    @property
    def number(self) -> int:
        """Which attempt it is, from 1; 0 before the block is entered."""
        return self._call.number

    async def __aenter__(self) -> Self:
        if self._is_entered:
            raise RuntimeError("an attempt is entered once: the next round of the loop brings the next one")
        self._is_entered = True
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
        raised = await self._leave_scope(kind, error, trace)
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
        try:
            raise failure from raised
        finally:
            del failure  # its traceback holds this frame

    async def _leave_scope(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> BaseException | None:
        """What the block raised, once its time limit has had its say."""
        if self._scope is not None:
            try:
                await self._scope.__aexit__(kind, error, trace)
            except TimeoutError as ran_out:
                return ran_out
        return error


class Attempts:
    """The attempts of one call, for `async for attempt in ...:` with `async with attempt:` inside."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._block: AttemptBlock | None = None

    def __aiter__(self) -> Self:
        if self._block is not None:
            raise RuntimeError("these are the attempts of one call: ask for new ones for each loop")
        return self

    async def __anext__(self) -> AttemptBlock:
        if self._block is None:
            self._call.start()
        else:
            await self._wait_after(self._block)
        self._block = AttemptBlock(self._call)
        return self._block

    async def _wait_after(self, block: AttemptBlock) -> None:
        if not block.is_over:
            raise RuntimeError("enter each attempt: `async with attempt:` around what is to be tried")
        if block.delay is None:
            raise StopAsyncIteration
        try:
            await self._call.policies.clock.sleep(block.delay)
        except BaseException as error:
            self._call.finish(error)
            raise
