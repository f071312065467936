"""What is said of everything that happens in a block: the request id, and fields of one's own."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NONE: Mapping[str, object] = MappingProxyType({})
_fields: ContextVar[Mapping[str, object]] = ContextVar("viber_log_fields", default=_NONE)


@contextmanager
def log_context(**fields: object) -> Generator[None]:
    """Every log line that is written inside carries these fields, also in tasks that are started there.

    A `request_id` is also the id of every call that is made inside.

    Example:
        >>> with log_context(request_id="r-1", user=7):
        ...     dict(current_fields())
        {'request_id': 'r-1', 'user': 7}
    """
    token = _fields.set(MappingProxyType({**_fields.get(), **fields}))
    try:
        yield
    finally:
        _fields.reset(token)


def current_fields() -> Mapping[str, object]:
    """The fields of the blocks around."""
    return _fields.get()


def current_request_id() -> str:
    """The request id of the blocks around; empty if they say none."""
    request_id = _fields.get().get("request_id", "")
    return request_id if isinstance(request_id, str) else ""
