from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import Embed, col, count, embed, or_


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (embed("orders"), "orders(*)"),
        (embed("orders", "id", "a.b"), 'orders(id,"a.b")'),
        (embed("odd names", "id"), '"odd names"(id)'),
        (embed("orders", "id", as_="o.p"), '"o.p":orders(id)'),
        (embed("addresses", "city", hint="billing"), "addresses!billing(city)"),
        (embed("addresses", "city", hint="odd fk"), 'addresses!"odd fk"(city)'),
        (embed("addresses", "city", join="inner"), "addresses!inner(city)"),
        (embed("addresses", "city", join="left"), "addresses!left(city)"),
        (embed("addresses", "city", as_="a", hint="fk", join="inner"), "a:addresses!fk!inner(city)"),
        (embed("customers", col("name").as_("n"), spread=True), "...customers(n:name)"),
        (embed("customers", "name", hint="fk", spread=True), "...customers!fk(name)"),
        (embed("orders", hidden=True), "orders()"),
        (embed("orders", hidden=True, as_="o", join="inner"), "o:orders!inner()"),
        (embed("orders", "id", embed("items", "*", embed("products"))), "orders(id,items(*,products(*)))"),
        (embed("orders", col("total").sum(), count()), "orders(total.sum(),count())"),
    ],
)
def test_an_embed_is_written_as_postgrest_reads_it(made: Embed, text: str) -> None:
    """Alias, hint and join in their places, every name quoted that needs it."""
    assert made.selected() == text


def test_the_clauses_of_an_embed_go_out_under_its_name() -> None:
    """Its filters choose its own rows, and so do its order and its bounds."""
    made = embed("orders").eq("status", "a&b").is_null("gone").order("id", desc=True).limit(3).offset(6)
    assert made.pairs() == [
        "orders.status=eq.a%26b",
        "orders.gone=is.null",
        "orders.order=id.desc",
        "orders.limit=3",
        "orders.offset=6",
    ]


def test_a_renamed_embed_is_named_by_its_alias() -> None:
    """The name of the table is deprecated there."""
    assert embed("orders", as_="o.p").gt("id", 1).range(0, 4).pairs() == [
        "%22o.p%22.id=gt.1",
        "%22o.p%22.limit=5",
        "%22o.p%22.offset=0",
    ]


def test_embeds_within_embeds_have_the_whole_path() -> None:
    """The outer name stands first; each has its own clauses."""
    items = embed("order_items", as_="lines").gt("quantity", 1).limit(2)
    orders = embed("orders", "id", items).eq("status", "open").or_(col("a").eq(1), col("b").eq(2))
    assert orders.pairs() == [
        "orders.status=eq.open",
        "orders.or=(a.eq.1,b.eq.2)",
        "orders.lines.quantity=gt.1",
        "orders.lines.limit=2",
    ]


def test_groups_of_filters_stand_under_the_name_of_the_embed() -> None:
    """Negated ones, too."""
    assert embed("orders").where(or_(col("a").eq(1))).pairs() == ["orders.or=(a.eq.1)"]
    assert embed("orders").not_(or_(col("a").eq(1))).pairs() == ["orders.not.or=(a.eq.1)"]


def test_an_embed_can_be_ordered_by_what_it_embeds() -> None:
    """`of` is the name of one that it has."""
    made = embed("orders", "id", embed("customers", hidden=True)).order("name", of="customers")
    assert made.pairs() == ["orders.order=customers(name)"]


def test_an_embed_is_a_value() -> None:
    """A step leaves it as it was."""
    made = embed("orders")
    assert made.limit(1) != made == embed("orders")
    assert made.pairs() == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: embed(""),
        lambda: embed("orders", ""),
        lambda: embed("orders", as_="x", spread=True),
        lambda: embed("orders", hidden=True, spread=True),
        lambda: embed("orders", "id", hidden=True),
        lambda: embed("orders", join="outer"),  # type: ignore[arg-type]
        lambda: embed("orders", embed("items"), embed("items", "id")),
        lambda: embed("orders").limit(-1),
        lambda: embed("orders").eq("id", None),
        lambda: embed("orders").order(col("id").sum()),
    ],
)
def test_an_embed_that_cannot_be_is_refused_at_once(make: Any) -> None:
    """Where the mistake is."""
    with pytest.raises(InvalidRequestError):
        make()
