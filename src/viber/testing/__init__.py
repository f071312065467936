"""Tools for testing what is built on viber: time, network, events and breakers under control.

`BreakerStateMachine` and the strategies need hypothesis: `pip install "viber-integration[testing]"`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from viber.testing._clock import FakeClock
from viber.testing._recorder import EventRecorder
from viber.testing._script import Chunks, Fail, Hang, Pause, Reply
from viber.testing._simulation import simulate
from viber.testing._simulation_service import Errors, Fault, Outage, Outcome, Slow
from viber.testing._simulation_timeline import Slice, Timeline
from viber.testing._stream import ScriptedStream, StreamState
from viber.testing._transport import ScriptedTransport, ScriptEndedError

if TYPE_CHECKING:
    from viber.testing._machines import BreakerStateMachine
    from viber.testing._strategies import breaker_configs, chunkings, retry_configs, verdicts

__all__ = [
    "BreakerStateMachine",
    "Chunks",
    "Errors",
    "EventRecorder",
    "Fail",
    "FakeClock",
    "Fault",
    "Hang",
    "Outage",
    "Outcome",
    "Pause",
    "Reply",
    "ScriptEndedError",
    "ScriptedStream",
    "ScriptedTransport",
    "Slice",
    "Slow",
    "StreamState",
    "Timeline",
    "breaker_configs",
    "chunkings",
    "retry_configs",
    "simulate",
    "verdicts",
]

_NEED_HYPOTHESIS = {
    "BreakerStateMachine": "viber.testing._machines",
    "breaker_configs": "viber.testing._strategies",
    "chunkings": "viber.testing._strategies",
    "retry_configs": "viber.testing._strategies",
    "verdicts": "viber.testing._strategies",
}


def __getattr__(name: str) -> Any:
    if name not in _NEED_HYPOTHESIS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_NEED_HYPOTHESIS[name]), name)
    except ModuleNotFoundError as missing:
        if missing.name != "hypothesis":
            raise
        raise ImportError(
            f'viber.testing.{name} needs hypothesis: pip install "viber-integration[testing]"'
        ) from missing
