"""The functions of a project."""

from collections.abc import Mapping
from typing import Any, TypeVar, Unpack, overload

from viber.services.supabase._errors import refusal
from viber.services.supabase._views import Views
from viber.services.supabase.calling._invocation import RpcOptions, invocation
from viber.services.supabase.calling._rpc import Call, CallClauses, any_value, returned_by, value_of
from viber.services.supabase.reading._select import Select
from viber.services.supabase.wire._rows import DICTS, reader_of
from viber.services.supabase.wire._source import key_of

Out = TypeVar("Out")
Model = TypeVar("Model")


class Functions(Views):
    """What a view can call."""

    @overload
    def rpc(
        self, function: str, arguments: Mapping[str, object] | None = None, **options: Unpack[RpcOptions]
    ) -> Call[Any]: ...
    @overload
    def rpc(
        self,
        function: str,
        arguments: Mapping[str, object] | None = None,
        *,
        returns: type[Out],
        **options: Unpack[RpcOptions],
    ) -> Call[Out]: ...
    @overload
    def rpc(
        self,
        function: str,
        arguments: Mapping[str, object] | None = None,
        *,
        model: type[Model],
        **options: Unpack[RpcOptions],
    ) -> Select[Model]: ...
    def rpc(
        self,
        function: str,
        arguments: Mapping[str, object] | None = None,
        *,
        returns: type[Any] | None = None,
        model: type[Any] | None = None,
        **options: Unpack[RpcOptions],
    ) -> Any:
        """Call a function, by POST; `method="GET"` is for one that only reads, and may then be repeated.

        Awaiting gives whatever the function returned. With `returns` that is one value of a type. With
        `model` it is a list of rows, and they can be filtered, ordered, counted and walked like those of a
        table: `.select()` does the same for dicts.

        Raises:
            InvalidRequestError: an argument cannot be sent, or not by this method.

        Example::

            total = await db.rpc("add", {"a": 1, "b": 2}, returns=int)
            orders = db.rpc("customer_orders", {"customer_id": 7}, model=Order, method="GET")
            newest = await orders.eq("status", "open").order("placed_at", desc=True).limit(3)
            again = await db.rpc("echo", body={"a": 1})    # the one unnamed parameter is the JSON itself
        """
        if returns is not None and model is not None:
            raise refusal("returns= is for one value, model= for rows", suggestion="give one of them")
        rows, key = reader_of(model) if model else DICTS, key_of(options.get("key"))
        value = any_value(function) if returns is None else value_of(function, returns)
        source = returned_by(self._session, invocation(function, arguments, options), rows, key)
        return Call(source, value) if model is None else Select(source, CallClauses())
