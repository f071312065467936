"""Rows on their way in: bytes to dicts, or to the caller's own type."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import from_json

from viber.services.supabase._errors import RowMismatchError, refusal
from viber.services.supabase.wire._decimals import quoting

Row = TypeVar("Row")
DictRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowReader(Generic[Row]):
    """Decodes a JSON list into rows of one type."""

    name: str
    decode: Callable[[bytes], list[Row]]

    def read(self, body: bytes, *, table: str, first: int = 0) -> list[Row]:
        """The rows; `first` is the number of the first one, for errors.

        Raises:
            RowMismatchError: a row does not fit the type.
            ValueError: the body is not a JSON list.
        """
        try:
            return self.decode(body)
        except ValidationError as error:
            raise _mismatch(error, self.name, table, first) from None
        except ValueError:
            raise
        except Exception as error:
            raise RowMismatchError(
                f"{self.name} could not be made from the rows of {table}: {type(error).__name__}",
                details={"table": table, "reason": type(error).__name__},
            ) from error


def exactly(body: bytes) -> Any:
    """JSON with every fraction as the Decimal that was written: no digit and no zero is lost."""
    return json.loads(body.decode(), parse_float=Decimal)


def _dicts(body: bytes) -> list[DictRow]:
    rows: Any = from_json(body)
    if not isinstance(rows, list):
        raise ValueError("not a list")  # noqa: TRY004 - the body is bad, not a type
    return cast("list[DictRow]", rows)


DICTS: RowReader[DictRow] = RowReader("dict", _dicts)
"""Rows as plain dicts; a numeric with a fraction is a float there."""


def reader_of(model: type[Row]) -> RowReader[Row]:
    """The reader of a pydantic model, dataclass, TypedDict, or anything else that pydantic can validate.

    Validation runs straight on the bytes; where a Decimal occurs, after its numbers were put between quotes,
    or, if rows are not plain enough for that, with a slower decoder that keeps every digit.

    Raises:
        InvalidRequestError: pydantic cannot validate the type.
    """
    if isinstance(model, (str, dict, list)):
        raise refusal(f"a {type(model).__name__} cannot describe rows: pass a type")
    return _reader_of(model)  # type: ignore[arg-type]  # a type can be hashed


@lru_cache(maxsize=256)
def _reader_of(model: Any) -> RowReader[Any]:
    rows: Any = GenericAlias(list, (model,))
    try:
        adapter: TypeAdapter[list[Any]] = TypeAdapter(rows)
    except PydanticUserError as error:
        raise refusal(f"{model!r} cannot describe rows: {error.message}") from None
    schema = adapter.core_schema
    if not _mentions_decimal(schema):
        return RowReader(_name_of(model), adapter.validate_json)
    if quote := quoting(schema):
        return RowReader(_name_of(model), lambda body: adapter.validate_json(quote(body)))
    return RowReader(_name_of(model), lambda body: adapter.validate_python(exactly(body)))


def _mentions_decimal(schema: object) -> bool:
    if isinstance(schema, Mapping):
        parts = cast("Mapping[str, object]", schema)
        return parts.get("type") == "decimal" or any(map(_mentions_decimal, parts.values()))
    return isinstance(schema, (list, tuple)) and any(map(_mentions_decimal, cast("list[object]", schema)))


def _name_of(model: object) -> str:
    return getattr(model, "__name__", repr(model))


def _mismatch(error: ValidationError, model: str, table: str, first: int) -> Exception:
    """Our own words for the first complaint: pydantic's may quote the refused value."""
    complaint = error.errors(include_url=False, include_context=False, include_input=False)[0]
    reason, place = complaint["type"], complaint["loc"]
    if not place:
        return ValueError(reason)
    row, field = first + cast("int", place[0]), str(place[1]) if len(place) > 1 else ""
    at = f" at {field!r}" if field else ""
    return RowMismatchError(
        f"row {row} of {table} does not fit {model}{at} ({reason})",
        details={"table": table, "row": row, "field": field, "reason": reason, "errors": error.error_count()},
        suggestion="the model and the table differ: compare their columns and types",
    )
