"""What a person may do about a refusal of PostgREST or PostgreSQL."""

import re

from viber.services.supabase.wire._complaint import Complaint

SUGGESTIONS = {
    "21000": "the server wants a filter on every update and delete",
    "22001": "the text is longer than the column allows",
    "22003": "the number is larger than the column's type allows",
    "22007": "pass a date, time or datetime, or its text in ISO 8601",
    "22008": "pass a date, time or datetime that exists, or its text in ISO 8601",
    "22P02": "pass a value of the column's type; columns of arrays take lists",
    "25006": 'the function writes: call it with method="POST"',
    "23502": "send a value for the column, or give it a default",
    "23503": "write the row that it refers to first",
    "23505": "the row exists: upsert() merges into it, or ignores the new one",
    "23514": "the values break a rule of the table: look at the constraint in details",
    "42501": "check the grants and the row level security policies of the table, or use db.admin",
    "42601": 'text_search() reads operators: type="web_search" takes what people type',
    "42703": "check the names of the columns; on the rows of a function, select those that it filters by",
    "42883": "the type has no such operation: like() is for text, contains() for lists, JSON and ranges",
    "42P01": "check the name of the table and the schema (db_schema)",
    "42P10": "on_conflict= names all columns of a unique constraint, or of the primary key, and no others",
    "42P17": "a policy asks its own table: let it call a function that is `security definer`",
    "57014": "add an index, ask for less, or raise the role's statement_timeout",
    "PGRST100": "the server cannot read the query: look at the text in raw()",
    "PGRST102": "check that every row has the same keys and the body is what the function expects",
    "PGRST105": "put() takes the primary key, all of it and nothing else",
    "PGRST106": "expose the schema in the API settings, or name another one",
    "PGRST107": "the database makes no such media type; explain() needs db-plan-enabled",
    "PGRST108": "select the embedded table that it filters on",
    "PGRST116": "filter by a unique column, or take returning() for any number of rows",
    "PGRST122": "the server knows no such time zone, or is too old (max_affected() needs PostgREST 12.2)",
    "PGRST123": "aggregates are off: the server's db-aggregates-enabled switches them on",
    "PGRST124": "more rows match than max_affected() allows: nothing was changed",
    "PGRST200": "check the table's name (as_=, hint= and join= stand apart): the database has to declare the "
    "foreign key, and the schema cache to be reloaded after that",
    "PGRST201": "name the foreign key to embed by: embed(..., hint=...)",
    "PGRST202": "check the name and the names of the arguments; reload the schema cache after a migration",
    "PGRST203": "several functions have this name: make the argument types tell them apart",
    "PGRST204": "check the columns, or choose some by columns=; reload the schema cache after a migration",
    "PGRST205": "check the name of the table and the schema (db_schema); reload the schema cache",
    "PGRST301": "the token is malformed, expired, or of another project: as_user(jwt, refresh=...) renews it",
    "PGRST302": "anonymous access is off: use a user's token",
    "PGRST303": "the token has expired: as_user(jwt, refresh=...) renews it",
}
"""By code."""

_ONE_COLUMN = (
    "one text is one column: name several apart, and make casts, other names, aggregates and related tables "
    "by col() and embed()"
)
_ONE_TABLE = "a schema is not part of a table's name: db.schema(...).table(...)"
_BY_STATUS = {
    404: "look at SUPABASE_URL: it is https://<project>.supabase.co, without a path",
    540: "the project is paused: restore it in the dashboard",
}
"""Where what answered was not PostgREST, and gave no code."""
_ORDER = 'order("id", desc=True) says the direction, and so does "-id" in db.select()'
_is_direction = re.compile(r"column [\w$]+\.(-.*|.*[ .](asc|desc)\b.*) does not exist").match
_is_several = re.compile(r"column [\w$]+\..*[,():.].* does not exist").match
_is_qualified = re.compile(r'relation "[^"]+?\.[^"]+\.[^"]+" does not exist').match


def advice_on(said: Complaint, status: int) -> str:
    """Our advice, with what the server takes to be meant; or else the hint of the database.

    Example:
        >>> advice_on(Complaint("25006", "cannot execute INSERT in a read-only transaction"), 405)
        'the function writes: call it with method="POST"'
    """
    if exact := _exact(said):
        return exact
    ours = SUGGESTIONS.get(said.code, "")
    hint = said.hint if isinstance(said.hint, str) else ""
    if not ours:
        return hint or ("" if said.code else _BY_STATUS.get(status, ""))
    return f"{hint.rstrip('.')}; {ours}" if hint.startswith("Perhaps you meant") else ours


def _exact(said: Complaint) -> str:
    """Where the words tell more than the code: PostgreSQL's, in English."""
    if said.code == "42703" and _is_direction(said.message):
        return _ORDER
    if said.code == "42703" and _is_several(said.message):
        return _ONE_COLUMN
    if said.code == "42P01" and _is_qualified(said.message):
        return _ONE_TABLE
    if said.code == "23503" and "is still referenced" in str(said.details):
        return "delete the rows that refer to it first, or let the foreign key cascade"
    if said.code == "21000" and "a second time" in said.message:
        return "two rows of the list are the same one: keep one of them"
    return ""
