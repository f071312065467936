"""What must be true at the end of the demo, checked in the database itself."""

from collections import Counter
from dataclasses import dataclass

from viber.cli._load import Account
from viber.services.supabase import SupabaseService


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, whether it held, and the figures it rests on."""

    promise: str
    held: bool
    evidence: str


async def check_ledger(db: SupabaseService, account: Account, *, first: int) -> list[Check]:
    """Compare what the caller was told with what is in the table."""
    rows = db.table("ledger", key="id").select("id", "n").gte("n", first).rows(page_size=1000)
    return judge_ledger(account, Counter([row["n"] async for row in rows]))


def judge_ledger(account: Account, copies: Counter[int]) -> list[Check]:
    """Every promise about the inserts, given how often each number stands in the table."""
    return [
        _exactly_once(account.acknowledged, copies),
        _never(account.not_sent, copies, "an insert that was not sent is not in the table"),
        _never(account.refused, copies, "an insert that was refused is not in the table"),
        _at_most_once(account.unknown, copies),
        _accounted(account, copies),
    ]


def _exactly_once(numbers: set[int], copies: Counter[int]) -> Check:
    lost = sum(copies[number] == 0 for number in numbers)
    doubled = sum(copies[number] > 1 for number in numbers)
    return Check(
        "every acknowledged insert is in the table exactly once",
        bool(numbers) and not lost and not doubled,
        f"{len(numbers)} acknowledged, {lost} lost, {doubled} doubled",
    )


def _never(numbers: set[int], copies: Counter[int], promise: str) -> Check:
    found = sum(number in copies for number in numbers)
    return Check(promise, not found, f"{len(numbers)} of them, {found} found")


def _at_most_once(numbers: set[int], copies: Counter[int]) -> Check:
    doubled = sum(copies[number] > 1 for number in numbers)
    found = sum(number in copies for number in numbers)
    return Check(
        "an insert of unknown outcome was reported as such and is there at most once",
        not doubled,
        f"{len(numbers)} unknown, {found} of them in the table, {doubled} doubled",
    )


def _accounted(account: Account, copies: Counter[int]) -> Check:
    known = account.acknowledged | account.not_sent | account.refused | account.unknown
    strangers = sum(number not in known for number in copies)
    return Check(
        "no row is in the table that nobody accounts for",
        not strangers,
        f"{len(copies)} rows, {strangers} strangers",
    )
