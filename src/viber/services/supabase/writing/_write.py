"""What all writes have in common: they have to be run, answer as they are told, and may be a rehearsal."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar
from zoneinfo import ZoneInfo

from viber.errors import Delivery, SupabaseError
from viber.http import Request, Response
from viber.resilience import Call
from viber.services.supabase._errors import PreferenceIgnoredError, SupabaseAuthenticationError
from viber.services.supabase.reading._formats import Form, zone_wishes
from viber.services.supabase.wire._query import Duty, Query
from viber.services.supabase.wire._result import Receipt
from viber.services.supabase.wire._rows import Row
from viber.services.supabase.wire._source import Source
from viber.services.supabase.writing._outcome import Outcome
from viber.services.supabase.writing._preferences import NO_WISHES, Preferences

Out = TypeVar("Out")
Recover = Callable[[SupabaseError, Call, bool], Awaitable[Out]]
"""Makes something of a refusal; the truth says whether an earlier attempt may have acted."""

_NOT_TO_BE_SETTLED = (SupabaseAuthenticationError, PreferenceIgnoredError)
"""A new token may help; and what was done otherwise than it was wished is not done, though it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Query[Out], Generic[Row, Out]):
    """A change of a table; nothing happens until it is awaited."""

    source: Source[Row]
    outcome: Outcome[Out]
    preferences: Preferences = NO_WISHES
    duty: Duty = field(default_factory=lambda: Duty("a write"), repr=False, compare=False)

    def dry_run(self) -> Self:
        """Let the server do it, answer, and roll it back: constraints and triggers have their say.

        The server must allow it (`db-tx-end`); it is asked before anything is sent that it might keep.

        Raises:
            PreferenceIgnoredError: when it is run, the server does not allow it.
        """
        return self._preferring(lambda: {"rolls_back": True})

    def strict(self) -> Self:
        """Let the server refuse a preference that it does not know, where it would ignore it."""
        return self._preferring(lambda: {"is_strict": True})

    def time_zone(self, zone: str | ZoneInfo) -> Self:
        """Take times without an offset for times of this zone, for example `"Europe/Paris"`; answer so, too.

        Raises:
            InvalidRequestError: no zone can have that name; when it is run, the server does not know it.
        """

        def wish() -> Mapping[str, Any]:
            zone_wishes(str(zone))
            return {"time_zone": str(zone)}

        return self._preferring(wish)

    def run(self) -> Coroutine[object, None, Out]:
        """A coroutine that writes; where there is nothing to write, nothing is sent.

        Raises:
            ConflictError: a row of that key exists, or one that it refers to does not.
            UnsettledWriteError: an earlier attempt may have done it, and a look at the table could not tell.
            InvalidRequestError: an update or delete has neither filter nor `all_rows=True`; nothing was sent.
            SupabaseError: the server refused or failed. With `delivery` UNKNOWN, and after a `TransportError`
                or `TimeoutError` of that kind, it may have been done.
        """
        self.duty.discharge()
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, about to be run, which notes its answers on the receipt."""
        self.duty.discharge()
        return replace(self, source=self.source.recorded_by(receipt))

    @abstractmethod
    async def _run(self) -> Out: ...

    def _step(self, make: Callable[[], Mapping[str, Any]]) -> Self:
        """The next step of the query; nobody has to run one that is refused."""
        with self.duty.handed_over() as duty:
            return replace(self, duty=duty, **make())

    def _answering(self, make: Callable[[], Outcome[Any]]) -> Any:
        """The same write with another answer, and so of another type."""
        return self._step(lambda: {"outcome": make()})

    def _preferring(self, make: Callable[[], Mapping[str, Any]]) -> Self:
        return self._step(lambda: {"preferences": replace(self.preferences, **make())})

    def _wishes(self, *, counted: bool = False, **more: Any) -> Preferences:
        """What is asked of the server, all together."""
        outcome = self.outcome
        return replace(self.preferences, answer=outcome.answer, counted=counted or outcome.counted, **more)

    async def _send(
        self,
        verb: str,
        request: Request,
        wishes: Preferences,
        *,
        idempotent: bool,
        recover: Recover[Out] | None = None,
    ) -> Out:
        operation = f"{verb} {self.source.table}"
        if wishes.rolls_back:
            await self._require_rollback(operation)
        # A token that is renewed makes a second call of it, which has to know what the first one knew.
        in_doubt = False

        def require(response: Response, call: Call) -> None:
            nonlocal in_doubt
            in_doubt = in_doubt or call.in_doubt
            if ignored := wishes.ignored(response.headers):
                raise _ignored(ignored, Delivery.UNKNOWN)
            # What is rolled back leaves nothing that a repetition could meet.
            self._require(response, in_doubt=in_doubt and not wishes.rolls_back)

        async def settle(error: SupabaseError, call: Call) -> Out:
            nonlocal in_doubt
            in_doubt = in_doubt or call.in_doubt
            if in_doubt:
                error.delivery = Delivery.UNKNOWN
            if recover is None or wishes.rolls_back or isinstance(error, _NOT_TO_BE_SETTLED):
                raise error
            return await recover(error, call, in_doubt)

        return await self.source.session.call(
            request,
            self.outcome.read,
            operation=operation,
            idempotent=idempotent or wishes.rolls_back,
            require=require,
            recover=settle,
        )

    def _require(self, response: Response, *, in_doubt: bool) -> None:
        """Refuse a good answer that does not say what was asked."""

    def _mark_repeated(self, *, in_doubt: bool) -> None:
        receipt = self.source.session.receipt
        if receipt is not None:
            receipt.replayed = in_doubt

    async def _require_rollback(self, operation: str) -> None:
        """Ask for nothing, in a transaction to be rolled back: does the server say that it did?

        Who may not read the table cannot ask; then the answer to the write itself has to tell.
        """
        session = self.source.session
        wishes = Form(wishes=(Preferences(rolls_back=True).header(),))
        request = wishes.put_on(session.endpoint.read(self.source.path, "limit=0", method="HEAD"))

        async def read(response: Response) -> list[str]:
            return Preferences(rolls_back=True).ignored(response.headers)

        async def recover(error: SupabaseError, _: Call) -> list[str]:
            if error.retryable:
                raise error
            return []

        if ignored := await session.call(
            request, read, operation=f"{operation} (rehearsal)", idempotent=True, recover=recover
        ):
            raise _ignored(ignored, Delivery.NOT_SENT)


def _ignored(wishes: list[str], delivery: Delivery) -> PreferenceIgnoredError:
    what = ", ".join(wishes)
    consequence = "nothing was sent" if delivery is Delivery.NOT_SENT else "the write may have been committed"
    return PreferenceIgnoredError(
        f"the server does not follow {what}: {consequence}",
        delivery=delivery,
        details={"ignored": wishes},
        suggestion='set db-tx-end to "commit-allow-override"' if "tx=rollback" in wishes else "",
    )
