from __future__ import annotations

import logging

import pytest

from viber.machines import BreakerState, Trigger
from viber.observability import CallFinished, CallRejected, CircuitChanged, Event, Listeners, Metrics

EVENT = CircuitChanged("quotes", BreakerState.CLOSED, BreakerState.OPEN, Trigger.THRESHOLD, at=1.0)


def broken(event: Event) -> None:
    raise ValueError("listener out of order")


def test_every_listener_is_told_in_order() -> None:
    """Who listens hears of each event, the first to come first."""
    told: list[tuple[str, Event]] = []
    listeners = Listeners(lambda event: told.append(("first", event)))
    listeners.add(lambda event: told.append(("second", event)))
    listeners.emit(EVENT)
    assert told == [("first", EVENT), ("second", EVENT)]


def test_nobody_listening_is_false() -> None:
    """An event is built only when somebody listens: one truth test tells."""
    listeners = Listeners()
    assert not listeners
    stop = listeners.add(print)
    assert listeners
    stop()
    assert not listeners


def test_a_listener_can_stop_itself_while_it_is_told() -> None:
    """Stopping in the middle of an event skips nobody else."""
    told: list[str] = []
    listeners = Listeners()

    def once(event: Event) -> None:
        told.append("once")
        stop()

    stop = listeners.add(once)
    listeners.add(lambda _: told.append("always"))
    listeners.emit(EVENT)
    listeners.emit(EVENT)
    assert told == ["once", "always", "always"]


def test_stopping_twice_is_harmless() -> None:
    """A listener that is gone stays gone."""
    listeners = Listeners()
    stop = listeners.add(print)
    stop()
    stop()
    assert not listeners


def test_a_listener_that_raises_is_logged_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """Foreign code that fails is told of once, with its traceback, and not asked again."""
    listeners = Listeners(broken)
    listeners.emit(EVENT)
    listeners.emit(EVENT)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("viber", logging.ERROR)
    assert record.exc_info is not None
    assert not listeners


def test_a_listener_that_raises_does_not_keep_others_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever stands behind the broken one is told all the same."""
    told: list[Event] = []
    Listeners(broken, told.append).emit(EVENT)
    assert told == [EVENT]
    assert "listener out of order" in caplog.text


def test_a_listener_may_not_swallow_an_interrupt() -> None:
    """What is no `Exception` goes on: it was not meant for the listener."""

    def interrupted(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Listeners(interrupted).emit(EVENT)


def test_the_library_configures_no_logging_by_itself() -> None:
    """The logger "viber" has a null handler, no level, and propagates: the application decides."""
    log = logging.getLogger("viber")
    assert any(isinstance(handler, logging.NullHandler) for handler in log.handlers)
    assert (log.level, log.propagate) == (logging.NOTSET, True)


def test_metrics_count_beside_the_listeners() -> None:
    """They hear of every event, and make it worth building."""
    metrics = Metrics()
    listeners = Listeners(metrics=metrics)
    assert listeners
    listeners.emit(CallRejected("quotes", "circuit", None, at=1.0))
    assert metrics.snapshot()["quotes"].rejections == {"circuit": 1}


def test_what_was_counted_is_only_told() -> None:
    """So that no call is counted twice."""
    told: list[Event] = []
    metrics = Metrics()
    Listeners(told.append, metrics=metrics).tell(CallFinished("quotes", "op", "r", 1, 0.1, None, at=1.0))
    assert len(told) == 1
    assert metrics.snapshot() == {}
