"""One view of a project: its credentials and options, and what it shares with all other views."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from viber.errors import SupabaseError
from viber.http import Request, Response
from viber.observability import ResultMaybeTruncated
from viber.resilience import Call, Deadline
from viber.services._channel import Channel
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import SupabaseAuthenticationError
from viber.services.supabase.wire._answers import Answers
from viber.services.supabase.wire._credentials import Credentials
from viber.services.supabase.wire._endpoint import Endpoint
from viber.services.supabase.wire._result import Receipt

Out = TypeVar("Out")

_log = logging.getLogger("viber")

_GATEWAY_STATUSES = frozenset({520, 522, 524})
"""What the gateway in front of hosted projects answers when it cannot reach them."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """Sends what an endpoint builds, and reads the answers."""

    channel: Channel
    endpoint: Endpoint
    answers: Answers
    max_rows: int | None = None
    decode_at_once: int | None = None
    receipt: Receipt | None = None
    """Where the answers of one run are noted."""
    doubted: set[str] = field(default_factory=set[str])
    """Names whose results were reported as perhaps incomplete; shared by all views."""

    @classmethod
    def begin(cls, config: SupabaseConfig, channel: Channel, credentials: Credentials) -> Self:
        """The first session of a project."""
        return cls(
            channel=channel,
            endpoint=Endpoint.of(config, credentials),
            answers=Answers(
                credentials,
                retryable_statuses=config.retry.retryable_statuses | _GATEWAY_STATUSES,
                wall=channel.pipeline.clock.wall,
            ),
            max_rows=config.max_rows,
            decode_at_once=config.decode_at_once,
        )

    def bearing(self, credentials: Credentials) -> Self:
        """The session of somebody else, which shares everything but the credentials."""
        return replace(
            self,
            endpoint=self.endpoint.bearing(credentials),
            answers=replace(self.answers, credentials=credentials),
        )

    def within(self, schema: str) -> Self:
        """This session in another schema."""
        return replace(self, endpoint=self.endpoint.within(schema))

    def call(
        self,
        request: Request,
        read: Callable[[Response], Awaitable[Out]],
        *,
        operation: str,
        idempotent: bool,
        require: Callable[[Response, Call], None] | None = None,
        recover: Callable[[SupabaseError, Call], Awaitable[Out]] | None = None,
    ) -> Coroutine[Any, Any, Out]:
        """Send the request through the pipeline; `read` raises ValueError for a body that it cannot read.

        `require` may refuse a good answer; `recover` may make something of a refusal, the server's or ours,
        within the attempt, or raise it again.
        """

        async def checked(response: Response, call: Call) -> Out:
            if self.receipt is not None:
                self.receipt.note(response, call)
            try:
                self.answers.require_good(request, response)
                if require is not None:
                    require(response, call)
            except SupabaseError as refusal:
                if recover is None:
                    raise
                return await recover(refusal, call)
            try:
                return await read(response)
            except ValueError:
                raise self.answers.unreadable(request, response) from None

        if self.endpoint.credentials.can_renew:
            return self._renewing(request, checked, operation=operation, idempotent=idempotent)
        return self.channel.exchange(request, checked, operation=operation, idempotent=idempotent)

    async def _renewing(
        self,
        request: Request,
        read: Callable[[Response, Call], Awaitable[Out]],
        *,
        operation: str,
        idempotent: bool,
    ) -> Out:
        """Send it; where the token is refused, once more with a new one: nothing was done, also by a write.

        All of that within the view's total time.
        """
        pipeline, credentials = self.channel.pipeline, self.endpoint.credentials
        total = pipeline.total_timeout
        with nullcontext() if total is None else Deadline(total, clock=pipeline.clock):
            stale = credentials.token
            request = self.endpoint.renewed(request)
            try:
                return await self.channel.exchange(request, read, operation=operation, idempotent=idempotent)
            except SupabaseAuthenticationError as refusal:
                if not await credentials.renew(stale, refusal, pipeline.clock, pipeline.timeout):
                    raise
            return await self.channel.exchange(
                self.endpoint.renewed(request), read, operation=operation, idempotent=idempotent
            )

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """This session, for one run whose answers are noted."""
        return replace(self, receipt=receipt)

    def through(self, channel: Channel) -> Self:
        """This session with other options."""
        return replace(self, channel=channel)

    def doubt(self, what: str, rows: int, limit: int | None = None) -> None:
        """Tell that a result is exactly as long as the server's cap, and may lack rows; in the log once."""
        if rows != self.max_rows or (limit is not None and limit <= rows):
            return
        pipeline = self.channel.pipeline
        if pipeline.listeners.is_heard:
            pipeline.listeners.emit(ResultMaybeTruncated(self.channel.name, what, rows, pipeline.clock.now()))
        if what in self.doubted:
            return
        self.doubted.add(what)
        _log.warning(
            "%s gave exactly %d rows, the server's cap: there may be more; walk them with rows()",
            what,
            rows,
            extra={"service": self.channel.name, "table": what, "rows": rows},
        )
