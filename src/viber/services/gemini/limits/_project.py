"""The models of one project, and how each of them stands."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from viber.resilience import CircuitBreaker, Pipeline, RateLimiter
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini.limits._limits import BOUNDLESS, ModelGuard, ModelStatus
from viber.services.gemini.limits._tracker import OTHER

_MOST_MODELS: Final = 1000


class Limits:
    """The models of one project, each with what it allows and how it stands.

    A refusal for the day closes a model until midnight in California, one without any quota for good: see
    `reopen`. Services of one base URL and project share it, whatever their keys.

    Example::

        print(gemini.limits.status()["gemini-flash-latest"].learned)
    """

    def __init__(self, config: GeminiConfig, pipeline: Pipeline) -> None:
        service = pipeline.breaker.name if pipeline.breaker is not None else pipeline.name
        self._name = "/".join(filter(None, (service, config.project)))
        self._limits = config.limits
        self._breaker = config.breaker
        self._pipeline = pipeline
        self._guards: dict[str, ModelGuard] = {}

    @property
    def breakers(self) -> Mapping[str, CircuitBreaker]:
        """The circuits of the models that stood in for each other, by the name of the circuit."""
        return {guard.breaker.name: guard.breaker for guard in self._guards.values() if guard.stands_in}

    def guard(self, model: str) -> ModelGuard:
        """What stands in front of a model; models beyond the first thousand share one."""
        model = model.removeprefix("models/")
        if model not in self._guards:
            if len(self._guards) >= _MOST_MODELS:
                model = OTHER
            self._guards.setdefault(model, self._made(model))
        return self._guards[model]

    def status(self) -> Mapping[str, ModelStatus]:
        """Every model that was asked, by its name."""
        return {model: guard.status() for model, guard in self._guards.items()}

    def reopen(self, model: str) -> None:
        """Forget what the server asked for, and close its circuit: after a change of plan, for example."""
        guard = self.guard(model)
        guard.limiter.resume()
        guard.breaker.reset()

    def _made(self, model: str) -> ModelGuard:
        clock, rng, listeners = self._pipeline.clock, self._pipeline.rng, self._pipeline.listeners
        name = f"{self._name}/{model}"
        fitting = (limits for limits in self._limits if fnmatchcase(model, limits.model))
        limits = next((limits.rate_limits for limits in fitting), ()) or (BOUNDLESS,)
        limiter = RateLimiter(*limits, name=name, clock=clock, listeners=listeners)
        breaker = CircuitBreaker(name, self._breaker, clock=clock, rng=rng, listeners=listeners)
        return ModelGuard(limits, limiter, breaker)

    def __repr__(self) -> str:
        return f"<Limits of {self._name!r}, models {sorted(self._guards)}>"
