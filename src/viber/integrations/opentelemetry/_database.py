"""A call of Supabase in the words of the conventions for databases."""

from typing import Final

from viber.errors import BaseError
from viber.integrations.opentelemetry import _names as names
from viber.integrations.opentelemetry._attributes import Attributes

_REHEARSED: Final = " (rehearsal)"


def of_query(operation: str) -> tuple[str, Attributes]:
    """The name of the span, and what it says from the beginning.

    Example:
        >>> of_query("select users")[0], of_query("rpc add_up")[1]["db.stored_procedure.name"]
        ('SELECT users', 'add_up')
    """
    known: Attributes = {names.DB_SYSTEM: names.POSTGRESQL}
    verb, space, target = operation.removesuffix(_REHEARSED).partition(" ")
    if not space:
        return f"supabase {operation}", known
    if target.startswith("rpc "):
        verb, target = "rpc", target.removeprefix("rpc ")
    if verb == "rpc":
        verb, known[names.DB_PROCEDURE] = "CALL", target
    else:
        known[names.DB_COLLECTION] = target
    known[names.DB_OPERATION] = verb.upper()
    known[names.DB_SUMMARY] = f"{verb.upper()} {target}"
    return f"{verb.upper()} {target}", known


def of_refusal(error: BaseError) -> Attributes:
    """The SQLSTATE, or PostgREST's own code, where the database told one."""
    code = (error.details or {}).get("code")
    if not (isinstance(code, str) and code):
        return {}
    return {names.DB_STATUS: code, names.ERROR_TYPE: code}
