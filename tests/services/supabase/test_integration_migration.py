"""The page that leads from other clients to this one: each of our calls in it runs."""

from __future__ import annotations

import ast
import inspect
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from pydantic import BaseModel

from viber.services import supabase
from viber.services.supabase import Change, SupabaseService

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

PAGE = Path(__file__).parents[3] / "docs" / "supabase" / "from-supabase-py.md"
CALLS = re.findall(
    r"`((?:await |\(await |\[row )?db\..+?|\(await db\..+?|\[row async for .+?)`",
    "\n".join(line.rpartition(" | ")[2] for line in PAGE.read_text().splitlines() if line.startswith("| ")),
)


class Order(BaseModel):
    id: int
    total: Decimal


def test_the_page_has_calls() -> None:
    """Without this a page that nobody understands would pass."""
    assert len(CALLS) > 60


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_of_the_page_runs(call: str, db: SupabaseService, viber_sandbox: Sandbox) -> None:
    """As it stands there; what is not awaited is at least made."""
    mark = f"migration {uuid4()}"
    names = {
        **vars(supabase),
        "Decimal": Decimal,
        "Order": Order,
        "db": db.admin,
        "mark": mark,
        "row": {"id": str(uuid4()), "n": 7, "note": mark},
        "token": viber_sandbox.user_key("11111111-1111-4111-8111-111111111111"),
        "refresh": None,
    }
    found = eval(compile(call, str(PAGE), "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.iscoroutine(found):
        found = await found
    if isinstance(found, Change):
        found.duty.discharge()
    await db.admin.table("ledger").delete().eq("note", mark)
