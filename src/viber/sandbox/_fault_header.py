"""A fault as one line of text, for the request header ``x-viber-fault``."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from pydantic import ValidationError

from viber.sandbox._fault import Fault, FaultKind

FAULT_HEADER = "x-viber-fault"
KEY_HEADER = "x-viber-fault-key"

# The option that the kind's own name carries: `latency=0.5` is `latency; seconds=0.5`.
_CHIEF: Mapping[FaultKind, str] = {
    FaultKind.STATUS: "status",
    FaultKind.LATENCY: "seconds",
    FaultKind.TRUNCATE: "after_bytes",
    FaultKind.HTML: "status",
    FaultKind.CUT_STREAM: "after_events",
    FaultKind.END_STREAM: "after_events",
    FaultKind.ERROR_EVENT: "after_events",
    FaultKind.ERROR_TAIL: "after_events",
    FaultKind.STALL: "after_events",
}


def parse_fault_header(text: str) -> Fault:
    """Read a fault from its header form: the kind first, then its options, separated by ``;``.

    The kind may carry its chief number (``status=503``, ``latency=0.5`` in seconds, ``truncate=20`` bytes,
    ``html=200``, ``cut-stream=3`` events). Dashes and underscores are the same; values are percent-decoded;
    ``body`` is JSON.

    Raises:
        ValueError: the text is no fault; the message says what is wrong with it.

    Example:
        >>> parse_fault_header("status=503; retry-after=2; times=2; key=abc").retry_after
        2.0
    """
    items = [item.strip() for item in text.split(";") if item.strip()]
    if not items:
        raise ValueError("an empty fault; expected for example 'status=503; times=2'")
    kind, chief = _read_kind(items[0])
    fields: dict[str, Any] = {"kind": kind, **chief}
    for item in items[1:]:
        name, value = _read_option(item)
        if name in fields:
            raise ValueError(f"{name} is given twice")
        fields[name] = value
    return validate_fault(fields)


def format_fault_header(fault: Fault) -> str:
    """Write a fault in its header form; reading that gives an equal fault.

    Example:
        >>> format_fault_header(parse_fault_header("latency=0.5;times=1"))
        'latency; seconds=0.5; times=1'
    """
    fields = fault.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"kind"})
    options = (f"{name.replace('_', '-')}={_write_value(value, name=name)}" for name, value in fields.items())
    return "; ".join([fault.kind.replace("_", "-"), *options])


def validate_fault(fields: object) -> Fault:
    """Make a fault of parsed JSON; a refusal is one readable line (``ValueError``)."""
    try:
        return Fault.model_validate(fields)
    except ValidationError as error:
        raise ValueError("; ".join(_complaint(problem) for problem in error.errors())) from None


def _complaint(problem: Mapping[str, Any]) -> str:
    where = ".".join(str(step) for step in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _read_kind(item: str) -> tuple[FaultKind, dict[str, Any]]:
    name, _, value = item.partition("=")
    try:
        kind = FaultKind(_plain(name))
    except ValueError:
        known = ", ".join(kind.replace("_", "-") for kind in FaultKind)
        raise ValueError(f"no fault kind {name.strip()!r}; there are {known}") from None
    if not value:
        return kind, {}
    if kind not in _CHIEF:
        raise ValueError(f"{kind.replace('_', '-')} takes no number")
    return kind, {_CHIEF[kind]: unquote(value.strip())}


def _read_option(item: str) -> tuple[str, Any]:
    name, equals, raw = item.partition("=")
    value = unquote(raw.strip())
    if not equals:
        return _plain(name), True
    return _plain(name), _read_body(value) if _plain(name) == "body" else value


def _read_body(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"body is not JSON: {value[:80]!r}") from None


def _write_value(value: Any, *, name: str) -> str:
    text = json.dumps(value) if name == "body" else value if isinstance(value, str) else json.dumps(value)
    return quote(text, safe='/:*?[]{}",')


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")
