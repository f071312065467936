"""What all queries are: immutable values that run when they are awaited."""

import warnings
from abc import abstractmethod
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from viber.services.supabase.wire._result import Receipt, Result

Data = TypeVar("Data")
Out_co = TypeVar("Out_co", covariant=True)

_OURS = {
    "data": "await the query, which gives its rows",
    "execute": "await the query itself",
    "maybe_single": "use maybe_one()",
    "rollback": "use dry_run()",
    "select": "use returning()",
    "single": "use one(), or returning_row() of a write",
}


class Query(Generic[Out_co]):
    """Something that can be asked, as often as you like: `await query`, or `query.run()` for a coroutine.

    Example::

        page = await orders.select().eq("status", "open").limit(20)
        task = asyncio.create_task(orders.select().run())
    """

    __slots__ = ()

    @abstractmethod
    def run(self) -> Coroutine[object, None, Out_co]:
        """A coroutine that sends the query; what `await query` awaits."""
        # With Any in place of object and None, mypy would make one Any of all that is gathered.

    def with_response(self) -> "Query[Result[Out_co]]":
        """The same query, answering with status, header fields, request id and attempts beside the data.

        Example::

            page = await orders.select().limit(20).with_response()    # Result[list[Order]]
            print(page.data, page.status, page.request_id, page.attempts)
        """
        return Recorded(self)

    @abstractmethod
    def recorded_by(self, receipt: Receipt, /) -> "Query[Out_co]":
        """The same query, about to be run, which notes its answers on the receipt."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """Other clients have other words: who comes from one of them is told ours."""
            what = f"a {type(self).__name__} has no {name!r}"
            raise AttributeError(f"{what}: {_OURS[name]}" if name in _OURS else what, name=name, obj=self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        """It does not change, so that one is as good as another; the duty to run a write stays one."""
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled, as it belongs to its service: "
            "make it anew where it is to be run"
        )

    def __await__(self) -> Generator[Any, None, Out_co]:
        return self.run().__await__()


@dataclass(frozen=True, slots=True)
class Recorded(Query[Result[Data]]):
    """A query that answers with what came beside its data, too."""

    query: Query[Data]

    def run(self) -> Coroutine[object, None, Result[Data]]:
        """A coroutine that sends the query."""
        receipt = Receipt()
        return _recorded(self.query.recorded_by(receipt), receipt)

    def recorded_by(self, _: Receipt, /) -> Query[Result[Data]]:
        """Recording twice is recording once."""
        return self


async def _recorded(query: Query[Data], receipt: Receipt) -> Result[Data]:
    # Run in here: a task that is cancelled before it begins leaves no coroutine behind that nobody awaited.
    return receipt.result(await query)


class Duty:
    """The duty of a write to be run; dropped undone, it warns. Nothing to do is no duty."""

    __slots__ = ("_due", "_what")

    def __init__(self, what: str) -> None:
        self._what = what
        self._due = bool(what)

    def discharge(self) -> None:
        """It was run."""
        self._due = False

    @contextmanager
    def handed_over(self) -> Generator[Self]:
        """The duty passes to the next step of the query; nobody has it when that step is refused."""
        heir = type(self)(self._what)
        self.discharge()
        try:
            yield heir
        except BaseException:
            heir.discharge()
            raise

    def __repr__(self) -> str:
        return f"<Duty {self._what}: {'due' if self._due else 'done'}>"

    def __del__(self) -> None:
        if self._due:
            warnings.warn(f"{self._what} was never run: await it", RuntimeWarning, stacklevel=2)
