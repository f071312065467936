"""Supabase, as one view of a project sees it."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, Self, TypeVar, Unpack, overload

from viber.errors import ConfigurationError
from viber.services._channel import Channel
from viber.services._config import fault_of_key
from viber.services._health import Health
from viber.services._options import OptionFields
from viber.services.supabase import _direct
from viber.services.supabase._bodies import RowInput
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import refusal
from viber.services.supabase._health import health_request, require_alive
from viber.services.supabase._query import Query
from viber.services.supabase._rows import DICTS, DictRow, Row, RowReader, reader_of
from viber.services.supabase._rpc import Call, RpcMethod, call_request, duty_of, rows_reader, value_reader
from viber.services.supabase._select import Select
from viber.services.supabase._session import Session
from viber.services.supabase._source import source_of
from viber.services.supabase._table import Table
from viber.services.supabase._writes import OnDuplicate

Model = TypeVar("Model")
_CREDENTIALS = frozenset({"apikey", "authorization"})


class SupabaseService:
    """Tables and functions of one project, by PostgREST; safe to share between tasks.

    A service is one view: who asks (anonymous, `admin`, or `as_user`), and with which options. Views share
    connections, circuit breaker and retry, and never each other's credentials. The direct forms `select`,
    `insert`, `upsert`, `update` and `delete` speak in dicts and give back the rows they touched.

    Example::

        db = services.supabase
        order = await db.table("orders", Order, key="id").select().eq("id", 7).maybe_one()
        total = await db.rpc("add", {"a": 1, "b": 2})
        user = await db.insert("users", {"name": "Ada"})
    """

    def __init__(self, config: SupabaseConfig, channel: Channel) -> None:
        self._config = config
        key = config.anon_key.get_secret_value()
        self._session = Session.begin(config, channel, key=key, token=key)

    @property
    def name(self) -> str:
        """The name that errors, events and circuit breakers know the service by."""
        return self._session.channel.name

    @property
    def admin(self) -> Self:
        """The view of the service role, which row level security does not hold back.

        Raises:
            ConfigurationError: there is no service_role_key.
        """
        if self._config.service_role_key is None:
            problem = "SUPABASE_SERVICE_ROLE_KEY: not set"
            raise ConfigurationError("db.admin needs a key of its own", problems=[problem], service=self.name)
        key = self._config.service_role_key.get_secret_value()
        return self._view(self._session.renewed(self._config, key=key, token=key))

    def as_user(self, jwt: str) -> Self:
        """The view of one user, by the access token of that user.

        Raises:
            InvalidRequestError: no header can carry that token.
        """
        if fault := fault_of_key(jwt):
            raise refusal(f"the user's token is {fault}")
        key = self._config.anon_key.get_secret_value()
        return self._view(self._session.renewed(self._config, key=key, token=jwt))

    def with_options(self, **options: Unpack[OptionFields]) -> Self:
        """A view with other time limits (seconds), attempts, header fields, idempotence or request id.

        `idempotent=True` says that repeating the calls of this view can do no harm.

        Raises:
            InvalidRequestError: the headers hold credentials: use `as_user()` or `admin`.
        """
        if _CREDENTIALS & {name.lower() for name in options.get("headers", {})}:
            raise refusal("credentials are not set by headers", suggestion="use as_user() or admin")
        channel = self._session.channel.with_options(**options)
        return self._view(self._session.through(channel))

    @overload
    def table(self, name: str, *, key: str | None = None) -> Table[DictRow]: ...
    @overload
    def table(self, name: str, model: type[Row], *, key: str | None = None) -> Table[Row]: ...
    def table(self, name: str, model: type[Any] | None = None, *, key: str | None = None) -> Table[Any]:
        """A table; its rows become `model` (pydantic model, dataclass or TypedDict), or stay dicts.

        `key` names a column that is unique and not null: walking with `rows()` needs it.
        """
        rows: RowReader[Any] = reader_of(model) if model else DICTS
        return Table(source_of(self._session, name, rows, key))

    @overload
    def rpc(
        self, function: str, arguments: Mapping[str, object] | None = None, *, method: RpcMethod = "POST"
    ) -> Call[Any]: ...
    @overload
    def rpc(
        self,
        function: str,
        arguments: Mapping[str, object] | None = None,
        *,
        model: type[Model],
        method: RpcMethod = "POST",
    ) -> Call[list[Model]]: ...
    def rpc(
        self,
        function: str,
        arguments: Mapping[str, object] | None = None,
        *,
        model: type[Any] | None = None,
        method: RpcMethod = "POST",
    ) -> Call[Any]:
        """Call a function; `method="GET"` is for one that only reads, and may then be repeated.

        Raises:
            InvalidRequestError: an argument cannot be sent.
        """
        session = self._session
        request = call_request(session, function, arguments or {}, method)
        read = rows_reader(session, reader_of(model), function) if model else value_reader(session, function)
        return Call(session, function, request, read, duty_of(function, method))

    def select(
        self,
        table: str,
        columns: str | Sequence[str] = "*",
        *,
        where: Mapping[str, object] | None = None,
        order: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> Select[DictRow]:
        """Rows where every column of `where` equals its value, or one of its list of values.

        `columns` is a list, or names separated by commas; `-name` in `order` is descending.
        """
        return _direct.select(self.table(table), columns, where or {}, order, limit)

    @overload
    def insert(self, table: str, rows: RowInput) -> Query[DictRow]: ...
    @overload
    def insert(self, table: str, rows: Iterable[RowInput]) -> Query[list[DictRow]]: ...
    def insert(self, table: str, rows: RowInput | Iterable[RowInput]) -> Query[Any]:
        """Insert one row and get it back, or a list of rows and get the list back."""
        return _direct.returned(self.table(table).insert(rows), rows)

    @overload
    def upsert(
        self,
        table: str,
        rows: RowInput,
        *,
        on_conflict: str | tuple[str, ...] = (),
    ) -> Query[DictRow]: ...
    @overload
    def upsert(
        self,
        table: str,
        rows: Iterable[RowInput],
        *,
        on_conflict: str | tuple[str, ...] = (),
        on_duplicate: OnDuplicate = "merge",
    ) -> Query[list[DictRow]]: ...
    def upsert(
        self,
        table: str,
        rows: RowInput | Iterable[RowInput],
        *,
        on_conflict: str | tuple[str, ...] = (),
        on_duplicate: OnDuplicate = "merge",
    ) -> Query[Any]:
        """Insert rows or merge them into those that are there, and get them back."""
        write = self.table(table).upsert(rows, on_conflict=on_conflict, on_duplicate=on_duplicate)
        return _direct.returned(write, rows)

    def update(self, table: str, values: RowInput, *, where: Mapping[str, object]) -> Query[list[DictRow]]:
        """Update the rows where every column of `where` equals its value, and get them back."""
        return self.table(table).update(values).matching(where).returning()

    def delete(self, table: str, *, where: Mapping[str, object]) -> Query[list[DictRow]]:
        """Delete the rows where every column of `where` equals its value, and get them back."""
        return self.table(table).delete().matching(where).returning()

    async def health_check(self) -> Health:
        """Ask once, past breaker and retry, whether the project answers and accepts the key."""
        session = self._session
        request = health_request(session.endpoint, self._config.health_table)
        return await session.channel.probe(
            request, lambda response: require_alive(session.answers, request, response)
        )

    def _view(self, session: Session) -> Self:
        view = copy(self)
        view._session = session  # noqa: SLF001 - our own
        return view

    def __repr__(self) -> str:
        return f"<SupabaseService {self._config.url}>"
