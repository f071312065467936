from __future__ import annotations

import builtins
import copy
import pickle

import pytest

from viber import errors
from viber.errors import Delivery, SupabaseError
from viber.services import supabase
from viber.services.supabase._errors import refusal

LEAVES = [
    leaf
    for name in supabase.__all__
    if isinstance(leaf := getattr(supabase, name), type) and issubclass(leaf, SupabaseError)
]


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_survives_pickling_and_copying(leaf: type[SupabaseError]) -> None:
    """Class, fields and notes cross process borders."""
    error = leaf("m", status=500, details={"code": "x"}, delivery=Delivery.UNKNOWN)
    error.add_note("first attempt")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is leaf
        assert (twin.message, twin.status, twin.details, twin.delivery) == (
            "m",
            500,
            {"code": "x"},
            Delivery.UNKNOWN,
        )
        assert twin.__notes__ == ["first attempt"]


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_says_who_spoke(leaf: type[SupabaseError]) -> None:
    """Every leaf is Supabase's, has a code of its own, and can be caught as such."""
    assert leaf("m").service == "supabase"
    assert leaf.code.startswith("supabase.")


def test_leaves_have_different_codes() -> None:
    """A program can tell them apart."""
    assert len({leaf.code for leaf in LEAVES}) == len(LEAVES)


def test_a_statement_timeout_is_every_kind_of_timeout() -> None:
    """It can be caught as ours, as the builtin, and as Supabase's."""
    error = supabase.SupabaseTimeoutError("m")
    assert isinstance(error, errors.TimeoutError)
    assert isinstance(error, builtins.TimeoutError)


def test_a_refusal_was_not_sent() -> None:
    """It is not Supabase's, since Supabase was not asked."""
    error = refusal("no", suggestion="do this", column="x")
    assert error.delivery is Delivery.NOT_SENT
    assert not isinstance(error, SupabaseError)
    assert (str(error), error.suggestion, error.details) == ("no: do this", "do this", {"column": "x"})
