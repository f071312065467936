"""Supabase: tables and functions of a project, spoken by PostgREST."""

from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import (
    MultipleRowsError,
    RowMismatchError,
    SupabaseAuthenticationError,
    SupabaseConflictError,
    SupabaseInvalidRequestError,
    SupabaseNotFoundError,
    SupabasePermissionDeniedError,
    SupabaseRateLimitError,
    SupabaseServerError,
    SupabaseTimeoutError,
)
from viber.services.supabase._query import Query
from viber.services.supabase._rpc import Call
from viber.services.supabase._select import Select
from viber.services.supabase._service import SupabaseService
from viber.services.supabase._table import Table
from viber.services.supabase._walk import Walk
from viber.services.supabase._writes import Change, Insert

__all__ = [
    "Call",
    "Change",
    "Insert",
    "MultipleRowsError",
    "Query",
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
    "Walk",
]
