from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import col, count, embed, raw
from viber.services.supabase.filters._quoting import percent
from viber.services.supabase.reading._selection import is_grouped, selection


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (("*",), "*"),
        (("id", "a*", "a.b"), 'id,"a*","a.b"'),
        (("profile->>theme", col("a->b")), 'profile->>theme,"a->b"'),
        ((col("total").cast("text"), col("id").as_("select")), 'total::text,"select":id'),
        ((col("profile").json("a", 0).as_("x"),), "x:profile->a->0"),
        ((col("total").sum(), col("id").count().as_("n"), "status"), "total.sum(),n:id.count(),status"),
        ((col("total").max().cast("text"),), "total.max()::text"),
        ((col("a").text("b").cast("int").sum(),), "a->>b::int.sum()"),
        ((col("a").cast("int").sum().as_("s").cast("text"),), "s:a::int.sum()::text"),
        ((count(),), "count()"),
        ((count().as_("a,b").cast("text"), "x"), '"a,b":count()::text,x'),
        ((raw("id,c:customers(name)"), "x"), "id,c:customers(name),x"),
        (("*", embed("customers", "name")), "*,customers(name)"),
        (("*", col("total").cast("text")), "*,total::text"),
    ],
)
def test_what_is_selected_is_written_as_postgrest_reads_it(columns: Any, text: str) -> None:
    """Names are quoted where they have to be, and raw text never is."""
    assert unquote(selection(columns)) == text


def test_a_selection_is_percent_encoded() -> None:
    """It stands in a URL."""
    assert selection(("a b", raw("ü&=#"))) == "%22a%20b%22,%C3%BC%26%3D%23"


@pytest.mark.parametrize(
    "columns",
    [
        (col("total").sum(), col("price").sum()),
        (col("a").as_("x"), "x"),
        ("profile->>theme", "theme"),
        ("theme", col("profile").json("theme", 0)),
        (count(), col("id").count()),
        (col("customers"), embed("customers")),
        ("name", embed("customers", "name", spread=True)),
    ],
)
def test_two_columns_of_one_name_are_refused(columns: Any) -> None:
    """JSON would keep the last of them alone, and nobody would know."""
    with pytest.raises(InvalidRequestError, match="as_"):
        selection(columns)


def test_a_column_that_is_said_twice_is_no_harm() -> None:
    """Both are the same."""
    assert selection(("id", "id")) == "id,id"


@pytest.mark.parametrize("other", [embed("customers"), embed("customers", hidden=True)])
def test_two_embeds_of_one_name_are_refused(other: Any) -> None:
    """Their filters could not be told apart."""
    with pytest.raises(InvalidRequestError, match="embeds"):
        selection((embed("customers", "country", spread=True), other))


def test_a_renamed_embed_is_another() -> None:
    """One table can be embedded twice."""
    twice = (embed("customers", "name"), embed("customers", "name", as_="c"))
    assert selection(twice) == "customers(name),c:customers(name)"


@pytest.mark.parametrize(
    "column",
    [
        "",
        "a\0",
        col("a").as_("\ud800"),
        "a->>\ud800",
        col("a").cast("te;xt"),
        count().cast("te;xt"),
        count().as_("\0"),
    ],
)
def test_what_cannot_be_selected_is_refused(column: Any) -> None:
    """Before it is sent."""
    with pytest.raises(InvalidRequestError):
        selection((column,))


@pytest.mark.parametrize("column", [["id", "name"], ("id", "name"), 1, None, b"id"])
def test_what_names_no_column_is_refused(column: Any) -> None:
    """A list, above all, has to be taken apart."""
    with pytest.raises(InvalidRequestError, match="one by one"):
        selection((column,))


@pytest.mark.parametrize(
    "make",
    [
        lambda: selection((col("id").as_("é" * 32),)),
        lambda: selection(("profile->>" + "x" * 64,)),
        lambda: embed("orders", as_="x" * 64),
    ],
)
def test_a_name_that_the_server_would_cut_is_refused(make: Any) -> None:
    """It would not be found in the answer."""
    with pytest.raises(InvalidRequestError, match="as_"):
        make()


def test_a_name_may_be_as_long_as_the_server_keeps_it() -> None:
    """Counted in bytes."""
    assert selection((col("id").as_("x" * 63),)) == "x" * 63 + ":id"


def test_raw_text_may_have_several_lines() -> None:
    """Blanks between its parts go, since a server stops at a line break; those in names stay."""
    text = raw("""
        id, who : customers ( name,
            "a , b":email ),  odd name, "q\\" , (":x
    """)
    assert selection((text,)) == percent('id,who:customers(name,"a , b":email),odd name,"q\\" , (":x')


@pytest.mark.parametrize("text", ["", " ", "a\0"])
def test_raw_text_has_to_be_text(text: str) -> None:
    """And of characters that can be sent."""
    with pytest.raises(InvalidRequestError):
        raw(text)


def test_aggregates_make_groups() -> None:
    """Those of the rows themselves, spread ones among them; an embedded table has groups of its own."""
    assert is_grouped(("a", count()))
    assert is_grouped((col("a").sum(),))
    assert is_grouped(("a", embed("customers", col("id").max(), spread=True)))
    assert is_grouped((raw("status,n:count()"),))
    assert not is_grouped((raw("count,sum"),))
    assert not is_grouped(("a", col("b"), embed("orders", count()), embed("x", "a", spread=True)))
