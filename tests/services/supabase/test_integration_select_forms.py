from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from viber.errors import NotFoundError
from viber.services.supabase import (
    Counted,
    SupabaseInvalidRequestError,
    SupabaseNotFoundError,
    SupabaseService,
    col,
    count,
    embed,
)

pytestmark = pytest.mark.sandbox

BIG = "12345678901234567890.123456789"


class Reading(BaseModel):
    id: int
    value: float | None = None


@pytest.mark.parametrize("mode", ["exact", "planned", "estimated"])
async def test_rows_are_counted_beyond_the_cap(mode: Any, db: SupabaseService) -> None:
    """All of them, whatever limit and offset say; the statistics of the sandbox are fresh."""
    readings = db.table("readings").select("id")
    assert await readings.count(mode) == 10_000
    assert await readings.order("id").limit(5).offset(20_000).count(mode) == 10_000


async def test_a_count_heeds_filters_and_joins(db: SupabaseService) -> None:
    """Those of the rows, and those of what is embedded with an inner join."""
    assert await db.table("readings").select().gt("id", 9_990).count() == 10
    assert await db.table("readings").select().lt("id", 0).count() == 0
    french = embed("customers", hidden=True, join="inner").eq("country", "FR")
    assert await db.table("orders").select("id", french).count() == 48


async def test_a_count_gets_over_a_failure(db: SupabaseService) -> None:
    """It is a read like any other, and says how often it was tried."""
    fault = {"x-viber-fault": "html=502; times=1; key=count", "x-viber-fault-key": "count"}
    result = await db.with_options(headers=fault).table("orders").select().count().with_response()
    assert (result.data, result.attempts) == (200, 2)


async def test_a_planned_count_is_a_guess(db: SupabaseService) -> None:
    """Of the planner, who does not know what two conditions mean together."""
    readings = db.table("readings").select().eq("sensor", "sensor-1").lt("id", 2_000)
    assert await readings.count() == 100
    assert await readings.count("planned") != 0


async def test_a_count_that_is_refused_says_why(db: SupabaseService) -> None:
    """A column that is not there is named."""
    with pytest.raises(SupabaseInvalidRequestError, match="nope"):
        await db.table("orders").select().eq("nope", 1).count()


async def test_rows_come_with_their_number(db: SupabaseService) -> None:
    """The page, and how many there are without it."""
    page = await db.table("readings", Reading).select().order("id").range(20, 24).with_count()
    assert isinstance(page, Counted)
    assert [reading.id for reading in page.data] == [21, 22, 23, 24, 25]
    assert (page.count, page.status, page.attempts) == (10_000, 206, 1)


@pytest.mark.parametrize(("offset", "status"), [(200, 206), (500, 416)])
async def test_beyond_the_last_row_is_the_end(offset: int, status: int, db: SupabaseService) -> None:
    """No row, the right number, and no failure."""
    page = await db.table("orders").select("id").order("id").limit(3).offset(offset).with_count()
    assert (page.data, page.count, page.status) == ([], 200, status)
    assert await db.table("orders").select("id").offset(offset) == []


async def test_no_rows_at_all_are_counted_without_rows(db: SupabaseService) -> None:
    """A limit of none still asks for the number; an empty list of values knows it."""
    orders = db.table("orders").select("id")
    assert (await orders.limit(0).with_count()).count == 200
    assert (await orders.lt("id", 0).with_count()).count == 0
    assert await orders.in_("id", []).count() == 0


async def test_whether_there_is_a_row_is_one_word(db: SupabaseService) -> None:
    """True or false."""
    orders = db.table("orders", Reading).select()
    assert await orders.eq("id", 7).exists() is True
    assert await orders.eq("id", 777).exists() is False


async def test_rows_as_comma_separated_values(db: SupabaseService) -> None:
    """With a line of names, quotes where they are needed, and every digit."""
    customers = db.table("customers").select("id", "name", "tags").in_("id", [2, 3]).order("id")
    assert list(csv.reader(io.StringIO(await customers.csv()))) == [
        ["id", "name", "tags"],
        ["2", "Chloé 2", "{new}"],
        ["3", "Dmitri 3", '{vip,"news, letter"}'],
    ]
    assert await db.table("orders").select("total").eq("id", 200).csv() == f"total\n{BIG}"
    assert (await customers.lt("id", 0).csv()).strip() == ""


async def test_comma_separated_values_at_the_cap_are_doubted(
    db: SupabaseService, caplog: pytest.LogCaptureFixture
) -> None:
    """They are cut like rows."""
    text = await db.table("readings").select("id").csv()
    assert len(text.splitlines()) == 1001
    assert "there may be more" in caplog.text


async def test_rows_in_a_media_type_of_the_database(db: SupabaseService) -> None:
    """As the aggregate that is declared for it makes them; one that is not there is refused."""
    customers = db.table("customers").select().in_("id", [3, 7]).order("id", desc=True)
    assert await customers.media("text/vnd.greeting") == b"Dear Hugo 7,\nDear Dmitri 3,\n"
    with pytest.raises(SupabaseInvalidRequestError) as caught:
        await customers.media("image/png")
    assert (caught.value.details or {})["code"] == "PGRST107"


async def test_geojson_needs_postgis(db: SupabaseService) -> None:
    """Without the extension the server has no such function, and says so."""
    with pytest.raises(NotFoundError) as caught:
        await db.table("orders").select().limit(1).geojson()
    assert (caught.value.details or {})["code"] == "42883"


async def test_a_plan_is_told_as_text_or_as_json(db: SupabaseService) -> None:
    """The plan alone, or with what happened when it was run."""
    orders = db.table("orders").select("id").eq("id", 7)
    assert "cost=" in (text := await orders.explain())
    assert "actual time=" not in text
    assert "actual time=" in (ran := await orders.explain(analyze=True, verbose=True))
    assert "Output:" in ran
    plan = await orders.explain(format="json", analyze=True, settings=True, buffers=True, wal=True)
    assert plan["Plan"]["Actual Rows"] == 1
    assert "Execution Time" in plan


async def test_nulls_are_left_out_on_demand(db: SupabaseService) -> None:
    """The field is missing then, and a model takes its default."""
    readings = db.table("readings", Reading).select("id", "value").in_("id", [97, 98]).order("id")
    assert await readings == [{"id": 97, "value": None}, {"id": 98, "value": 12.25}]
    assert await readings.without_nulls() == [{"id": 97}, {"id": 98, "value": 12.25}]
    assert await readings.without_nulls().first() == {"id": 97}
    models = db.table("readings", Reading).select().eq("id", 97).without_nulls()
    assert await models == [Reading(id=97)]


async def test_times_are_written_in_a_zone(db: SupabaseService) -> None:
    """The same instant, with another offset; also of one row."""
    orders = db.table("orders").select("placed_at").eq("id", 1)
    assert await orders.one() == {"placed_at": "2026-03-01T11:00:00+00:00"}
    there = await orders.time_zone("America/New_York").one()
    assert there == {"placed_at": "2026-03-01T06:00:00-05:00"}
    assert datetime.fromisoformat(there["placed_at"]) == datetime(2026, 3, 1, 11, tzinfo=UTC)


async def test_times_without_an_offset_are_those_of_the_zone(db: SupabaseService) -> None:
    """In filters, too."""
    orders = db.table("orders").select("id").eq("placed_at", datetime(2026, 3, 1, 6))  # noqa: DTZ001 - so meant
    assert await orders.time_zone(ZoneInfo("America/New_York")) == [{"id": 1}]
    assert await orders == []


async def test_a_zone_that_nobody_knows_is_refused(db: SupabaseService) -> None:
    """By the server, which would else ignore it without a word."""
    with pytest.raises(SupabaseInvalidRequestError) as caught:
        await db.table("orders").select().time_zone("Nowhere/Atlantis")
    assert (caught.value.details or {})["code"] == "PGRST122"


async def test_forms_go_together(db: SupabaseService) -> None:
    """A count of rows in a zone, without nulls."""
    deliveries = db.table("deliveries").select("order_id", "left_at").order("order_id").limit(2)
    page = await deliveries.without_nulls().time_zone("Europe/Paris").with_count()
    assert page.count == 10
    assert page.data == [{"order_id": 1}, {"order_id": 2, "left_at": "2026-03-05T15:00:00+01:00"}]


async def test_an_answer_tells_where_it_comes_from(db: SupabaseService) -> None:
    """Status, header fields, request id and attempts, for every kind of query."""
    orders = db.with_options(request_id="my-request-1").table("orders").select("id")
    for query in (orders.limit(3), orders.eq("id", 1).one(), orders.limit(3).csv(), orders.exists()):
        result = await query.with_response()
        assert (result.status, result.request_id, result.attempts) == (200, "my-request-1", 1)
        assert result.headers["server"].startswith("postgrest/")
        assert result.count is None
    counted = await orders.count().with_response()
    assert (counted.data, counted.count, counted.status) == (200, 200, 206)


async def test_one_row_with_its_answer_knows_that_it_is_missing(db: SupabaseService) -> None:
    """As without it."""
    with pytest.raises(SupabaseNotFoundError):
        await db.table("orders").select(col("id"), embed("customers")).eq("id", 0).one().with_response()


async def test_groups_are_not_counted_by_the_server(db: SupabaseService) -> None:
    """The reason for refusing it: it counts the rows that they are made of."""
    groups = db.table("orders").select("status", count())
    assert len(await groups) == 4
    with pytest.raises(Exception, match="rows and not groups"):
        groups.with_count()
