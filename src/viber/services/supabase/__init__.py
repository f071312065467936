"""Supabase: tables and functions of a project, spoken by PostgREST.

The rooms, from the caller to the wire and back: `_service` is what a caller holds, and consists of
`_views`, `_tables`, `_functions` and the `_direct` forms; `_select`, `_insert`, `_put`, `_change`,
`_chunks`, `_rpc` and `_walk` are queries, immutable values over a `_source` of rows; `_picks`,
`_readings` and `_parts` are what becomes of a select for less, for something else, for much, `_keyset`
and `_cursor` for all there is; `_columns`, `_operators` and `_logic` make the `_filters`; these,
`_selection`, `_embed`, `_clauses`, `_formats`, `_invocation`, `_values`, `_quoting` and `_bodies` write
them down; `_session` and `_endpoint` send them with the `_credentials` of one view; `_answers`,
`_complaint`, `_codes`, `_errors`, `_outcome`, `_counts`, `_result`, `_rows` and `_decimals` read what
comes back.
"""

from viber.services.supabase._bytea import Bytea
from viber.services.supabase._change import Change
from viber.services.supabase._chunks import Account, Chunk, InsertMany
from viber.services.supabase._columns import Column, col
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._embed import Embed, embed
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
from viber.services.supabase._filters import Filter
from viber.services.supabase._insert import Insert
from viber.services.supabase._invocation import variadic
from viber.services.supabase._logic import and_, not_, or_
from viber.services.supabase._operands import Quantified, all_of, any_of
from viber.services.supabase._patterns import like_escape, regex_escape
from viber.services.supabase._put import Put
from viber.services.supabase._query import Query
from viber.services.supabase._ranges import Range
from viber.services.supabase._raw import raw
from viber.services.supabase._result import Counted, Result
from viber.services.supabase._rpc import Call
from viber.services.supabase._select import Select
from viber.services.supabase._selection import RowCount, count
from viber.services.supabase._service import SupabaseService
from viber.services.supabase._table import Table
from viber.services.supabase._uuid7 import uuid7
from viber.services.supabase._walk import Page, Pages, Walk

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
