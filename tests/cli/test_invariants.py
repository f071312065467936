"""The demo's own judge: it must notice what it is there to notice."""

from collections import Counter

from viber import Delivery, TransportError
from viber.cli._invariants import judge_ledger
from viber.cli._load import Account


def broken(account: Account, rows: Counter[int]) -> list[str]:
    return [check.promise for check in judge_ledger(account, rows) if not check.held]


def test_a_true_account_is_accepted() -> None:
    """Every row acknowledged once, an unknown one there, another not: all promises hold."""
    account = Account(acknowledged={1, 2}, unknown={3, 4}, not_sent={5})
    assert broken(account, Counter([1, 2, 3])) == []


def test_a_lost_row_is_noticed() -> None:
    """An acknowledged insert that is not in the table breaks the promise."""
    assert len(broken(Account(acknowledged={1, 2}), Counter([1]))) == 1


def test_a_doubled_row_is_noticed() -> None:
    """An acknowledged insert that is there twice breaks the promise."""
    assert len(broken(Account(acknowledged={1}), Counter([1, 1]))) == 1


def test_a_doubled_unknown_row_is_noticed() -> None:
    """An insert of unknown outcome may be there once."""
    assert len(broken(Account(acknowledged={1}, unknown={2}), Counter([1, 2, 2]))) == 1


def test_a_row_that_was_never_sent_is_noticed() -> None:
    """What was reported as not sent must not be there."""
    assert len(broken(Account(acknowledged={1}, not_sent={2}), Counter([1, 2]))) == 1


def test_a_stranger_is_noticed() -> None:
    """A row that nobody accounts for breaks a promise."""
    assert len(broken(Account(acknowledged={1}), Counter([1, 9]))) == 1


def test_nothing_acknowledged_proves_nothing() -> None:
    """A run in which no insert succeeded is not a success."""
    assert len(broken(Account(), Counter())) == 1


def test_an_error_is_entered_by_its_delivery() -> None:
    """Where an insert is accounted depends on what its error says of the server."""
    account = Account()
    for number, delivery in enumerate(Delivery):
        account.enter(number, TransportError("broken", delivery=delivery))
    assert (account.not_sent, account.refused, account.unknown) == ({0}, {1}, {2})
