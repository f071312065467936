"""Supabase: tables and functions of a project, spoken by PostgREST.

The rooms, from the caller to the wire and back: `_service` is what a caller holds, and consists of `_views`,
`_tables`, `_functions` and the `_direct` forms. `filters` say which rows are meant; `reading`, `writing` and
`calling` are queries, immutable values that run when they are awaited; `wire` sends them with the credentials
of one view, and reads what comes back: rows of a type, or the error that it is.
"""

from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import (
    MultipleRowsError,
    PreferenceIgnoredError,
    RowMismatchError,
    SupabaseAuthenticationError,
    SupabaseConflictError,
    SupabaseInvalidRequestError,
    SupabaseNotFoundError,
    SupabasePermissionDeniedError,
    SupabaseRateLimitError,
    SupabaseServerError,
    SupabaseTimeoutError,
    UnsettledWriteError,
)
from viber.services.supabase._service import SupabaseService
from viber.services.supabase._table import Table
from viber.services.supabase.calling._invocation import variadic
from viber.services.supabase.calling._rpc import Call
from viber.services.supabase.filters._columns import Column, col
from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._logic import and_, not_, or_
from viber.services.supabase.filters._operands import Quantified, all_of, any_of
from viber.services.supabase.filters._patterns import like_escape, regex_escape
from viber.services.supabase.filters._ranges import Range
from viber.services.supabase.filters._raw import raw
from viber.services.supabase.reading._embed import Embed, embed
from viber.services.supabase.reading._select import Select
from viber.services.supabase.reading._selection import RowCount, count
from viber.services.supabase.reading._walk import Page, Pages, Walk
from viber.services.supabase.wire._bytea import Bytea
from viber.services.supabase.wire._query import Query
from viber.services.supabase.wire._result import Counted, Result
from viber.services.supabase.writing._change import Change
from viber.services.supabase.writing._chunks import Account, Chunk, InsertMany
from viber.services.supabase.writing._insert import Insert
from viber.services.supabase.writing._put import Put
from viber.services.supabase.writing._uuid7 import uuid7

__all__ = [
    "Account",
    "Bytea",
    "Call",
    "Change",
    "Chunk",
    "Column",
    "Counted",
    "Embed",
    "Filter",
    "Insert",
    "InsertMany",
    "MultipleRowsError",
    "Page",
    "Pages",
    "PreferenceIgnoredError",
    "Put",
    "Quantified",
    "Query",
    "Range",
    "Result",
    "RowCount",
    "RowMismatchError",
    "Select",
    "SupabaseAuthenticationError",
    "SupabaseConfig",
    "SupabaseConflictError",
    "SupabaseInvalidRequestError",
    "SupabaseNotFoundError",
    "SupabasePermissionDeniedError",
    "SupabaseRateLimitError",
    "SupabaseServerError",
    "SupabaseService",
    "SupabaseTimeoutError",
    "Table",
    "UnsettledWriteError",
    "Walk",
    "all_of",
    "and_",
    "any_of",
    "col",
    "count",
    "embed",
    "like_escape",
    "not_",
    "or_",
    "raw",
    "regex_escape",
    "uuid7",
    "variadic",
]
