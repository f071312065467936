from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from viber.observability import CallFinished, Event, RetryScheduled

KINDS = get_args(Event)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_a_frozen_slotted_value(kind: type[Event]) -> None:
    """A listener can keep an event, compare it, and change nothing of it."""
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_says_which_service_and_when(kind: type[Event]) -> None:
    """Whatever happened, happened to somebody at some time."""
    assert {"service", "at"} <= {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", [RetryScheduled, CallFinished])
def test_events_of_a_call_share_what_identifies_it(kind: type[Event]) -> None:
    """The events of one call can be brought together by its request id."""
    assert {"operation", "request_id", "error"} <= {field.name for field in dataclasses.fields(kind)}
