"""A listener that remembers."""

from viber.machines import BreakerState, CircuitBreakerConfig
from viber.observability import CallFinished, CircuitChanged
from viber.resilience import CircuitBreaker
from viber.testing import EventRecorder


def test_events_are_kept_in_order_and_by_kind() -> None:
    """Everything that was told is there, and can be asked for by kind and forgotten."""
    recorder = EventRecorder()
    breaker = CircuitBreaker("quotes", CircuitBreakerConfig(failure_threshold=1))
    breaker.listeners.add(recorder)
    breaker.acquire().failure()
    breaker.reset()
    assert [event.after for event in recorder.of(CircuitChanged)] == [BreakerState.OPEN, BreakerState.CLOSED]
    assert recorder.of(CallFinished) == []
    assert repr(recorder) == "<EventRecorder events=2>"
    recorder.clear()
    assert recorder.events == []
