"""When a circuit opens, and how it closes again."""

from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from viber._config import Config

Rate = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Window = Annotated[float, Field(ge=0.001)]


class CircuitBreakerConfig(Config):
    """When a circuit opens, and how it closes again; every time in seconds.

    It opens when `failure_threshold` failures lie within the last `monitor_window` seconds, exactly; or,
    where a rate is set, when `minimum_calls` of that window are known and the share `failure_rate` of them
    failed, or the share `slow_call_rate` took `slow_call_duration` or longer. Rates are counted in tenths of
    the window: up to the oldest tenth may be forgotten early. It stays open for `reset_timeout *
    reset_backoff ** failed recoveries`, plus up to the share `reset_jitter` of that, or longer if the service
    asked for it, and never above `max_reset_timeout`. Then at most `half_open_max_calls` probes are out at a
    time, and `success_threshold` good ones close it.

    Raises:
        ConfigurationError: a value is out of range, or no rule could ever open the circuit.

    Example:
        >>> CircuitBreakerConfig(failure_threshold=3, reset_timeout=30.0).probes_to_close
        3
    """

    failure_threshold: PositiveInt | None = 5
    """Failures within the window that open it; None leaves it to the rates."""
    reset_timeout: PositiveFloat = 60.0
    half_open_max_calls: PositiveInt = 3
    monitor_window: Window = 60.0
    success_threshold: PositiveInt | None = None
    """Good probes that close the circuit; None means `half_open_max_calls`."""
    failure_rate: Rate | None = None
    slow_call_duration: PositiveFloat | None = None
    slow_call_rate: Rate | None = None
    minimum_calls: PositiveInt = 20
    """Calls that have to lie within the window before a rate means something."""
    reset_backoff: Annotated[float, Field(ge=1)] = 1.0
    max_reset_timeout: PositiveFloat = 600.0
    reset_jitter: Share = 0.1
    probe_lease: PositiveFloat = 60.0
    """A probe that is not back by then loses its place, unless its own timeout is longer."""
    count_rate_limits: bool = False
    """Whether a 429 of the service is a failure; otherwise it is neither good news nor bad."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.reset_timeout > self.max_reset_timeout:
            raise ValueError("reset_timeout is above max_reset_timeout: raise that too")
        if (self.slow_call_duration is None) != (self.slow_call_rate is None):
            raise ValueError("slow_call_duration and slow_call_rate need each other: set both or none")
        if self.failure_threshold is None and not self.has_rates:
            raise ValueError("failure_threshold is None and no rate is set: nothing could open the circuit")
        return self

    @property
    def probes_to_close(self) -> int:
        """How many good probes close the circuit."""
        return self.success_threshold or self.half_open_max_calls

    @property
    def has_rates(self) -> bool:
        """Whether successes have to be counted too."""
        return self.failure_rate is not None or self.slow_call_rate is not None

    def is_slow(self, elapsed: float | None) -> bool:
        """Whether a call that took so long was a slow one."""
        limit = self.slow_call_duration
        return limit is not None and elapsed is not None and elapsed >= limit
