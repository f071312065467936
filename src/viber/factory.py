"""Builds services, shares what they have in common, and closes it."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from viber.clock import SYSTEM_CLOCK, Clock
from viber.health import HealthRegistry
from viber.http import HttpConfig, Transport
from viber.http import create_transport as default_transport
from viber.machines import BreakerSnapshot, CircuitBreakerConfig, Classify, RateLimit, RetryConfig, Rng, judge
from viber.observability import Listener, Listeners, Metrics, ServiceMetrics, Tracer
from viber.resilience import CircuitBreaker, Guards, Pipeline
from viber.services import Channel, Gate, Health, ServiceConfig
from viber.services.gemini import GeminiConfig, GeminiService, Lanes, Limits
from viber.services.supabase import SupabaseConfig, SupabaseService
from viber.settings import Settings

CreateTransport = Callable[[HttpConfig, str], Transport]
"""Makes the transport for a base URL."""


class ServiceFactory:
    """The services of one application, for as long as it lives.

    Services of one base URL share its connections, circuit breaker, limits and retry budget, whatever their
    credentials.
    Leaving the block refuses new calls, lets those under way finish for `closing_time` seconds, and closes
    every connection.

    Example:
        >>> import asyncio
        >>> async def main() -> str:
        ...     async with ServiceFactory(Settings.from_env({"GEMINI_API_KEY": "key"})) as services:
        ...         return services.gemini.name
        >>> asyncio.run(main())
        'gemini'
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        listeners: Iterable[Listener] = (),
        metrics: bool = True,
        tracer: Tracer | None = None,
        clock: Clock = SYSTEM_CLOCK,
        rng: Rng = random.random,
        create_transport: CreateTransport | None = None,
        closing_time: float | None = 5.0,
    ) -> None:
        self._settings = settings if settings is not None else Settings.from_env()
        counted = Metrics(clock.now) if metrics else None
        self._listeners = Listeners(*listeners, metrics=counted, tracer=tracer)
        self._clock = clock
        self._rng = rng
        self._create_transport = create_transport or partial(default_transport, clock=clock)
        self._closing_time = closing_time
        self._gate = Gate()
        self._health: HealthRegistry | None = None
        self._transports: dict[str, Transport] = {}
        self._guards: dict[str, Guards] = {}
        self._homes: dict[str, str] = {}
        self._supabase: dict[SupabaseConfig, SupabaseService] = {}
        self._gemini: dict[GeminiConfig, GeminiService] = {}
        self._limits: dict[tuple[str, str], Limits] = {}

    @property
    def supabase(self) -> SupabaseService:
        """Supabase as the settings describe it.

        Raises:
            ConfigurationError: the settings do not; it names the variables to set.
        """
        return self.create_supabase_client(self._settings.require("supabase"))

    @property
    def gemini(self) -> GeminiService:
        """Gemini as the settings describe it.

        Raises:
            ConfigurationError: the settings do not; it names the variables to set.
        """
        return self.create_gemini_client(self._settings.require("gemini"))

    @property
    def gemini_services(self) -> tuple[GeminiService, ...]:
        """Every Gemini service that was made: asking for them makes none."""
        return tuple(self._gemini.values())

    def create_supabase_client(self, config: SupabaseConfig) -> SupabaseService:
        """The Supabase service of this configuration, always the same one."""
        if config not in self._supabase:
            self._supabase[config] = SupabaseService(config, self._channel("supabase", config.url, config))
        return self._supabase[config]

    def create_gemini_client(self, config: GeminiConfig) -> GeminiService:
        """The Gemini service of this configuration, always the same one."""
        if config not in self._gemini:
            channel = self._channel("gemini", config.base_url, config)
            place = config.base_url, config.project
            limits = self._limits.setdefault(place, Limits(config, channel.pipeline))
            lanes = Lanes.of(config, channel.pipeline, limits)
            self._gemini[config] = GeminiService(config, channel, lanes)
        return self._gemini[config]

    def pipeline(
        self,
        name: str,
        *,
        retry: RetryConfig | None = None,
        breaker: CircuitBreakerConfig | None = None,
        timeout: float | None = 10.0,
        total_timeout: float | None = 30.0,
        idempotent: bool = False,
        classify: Classify = judge,
        rate_limits: Sequence[RateLimit] = (),
        max_concurrent: int | None = None,
    ) -> Pipeline:
        """A pipeline for coroutine functions of your own.

        Pipelines of one name share a circuit breaker, limits and a retry budget: those of the first.
        """
        chosen = retry or RetryConfig()
        guards = self._share(
            name, breaker=breaker, retry=chosen, rate_limits=rate_limits, max_concurrent=max_concurrent
        )
        return Pipeline(
            name,
            retry=chosen,
            budget=guards.budget,
            breaker=guards.breaker,
            limiter=guards.limiter,
            bulkhead=guards.bulkhead,
            timeout=timeout,
            total_timeout=total_timeout,
            idempotent=idempotent,
            classify=classify,
            clock=self._clock,
            rng=self._rng,
            listeners=self._listeners,
        )

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a callable of every event from now on; returns a function that stops it."""
        return self._listeners.add(listener)

    def get_circuit_breaker(self, name: str) -> CircuitBreaker:
        """The circuit breaker of a service or pipeline that was used.

        Raises:
            KeyError: nothing of that name was; it lists the names there are.
        """
        breakers = self._breakers()
        if name not in breakers:
            known = ", ".join(sorted(breakers)) or "none yet"
            raise KeyError(f"no circuit breaker {name!r}; there are: {known}")
        return breakers[name]

    def reset_circuit_breaker(self, name: str) -> None:
        """Close a circuit by hand and forget its failures."""
        self.get_circuit_breaker(name).reset()

    def get_all_circuit_breaker_states(self) -> Mapping[str, BreakerSnapshot]:
        """Every circuit breaker as it stands, by name; reading moves none."""
        return {name: breaker.snapshot() for name, breaker in self._breakers().items()}

    def metrics(self) -> Mapping[str, ServiceMetrics]:
        """Calls, errors, retries, waits, latencies and guards of every service and pipeline, by name.

        Empty if the factory was made with `metrics=False`.

        Example::

            supabase = services.metrics()["supabase"]
            print(supabase.calls, supabase.errors, supabase.recent.p95, supabase.circuit.state)
        """
        if self._listeners.metrics is None:
            return {}
        counted = self._listeners.metrics.snapshot()
        return {
            name: guards.added_to(counted.get(name, ServiceMetrics(name)))
            for name, guards in self._guards.items()
        }

    @property
    def health(self) -> HealthRegistry:
        """The checks of the configured services; add those of your own."""
        if self._health is None:
            self._health = HealthRegistry(clock=self._clock)
            for name in self._configured():
                self._health.register(name, partial(self._check, name))
        return self._health

    async def health_check(self) -> Mapping[str, Health]:
        """Ask every configured service at once."""
        configured = self._configured()
        results = await asyncio.gather(*map(self._check, configured))
        return dict(zip(configured, results, strict=True))

    async def aclose(self) -> None:
        """Refuse new calls, let those under way finish for `closing_time`, then close every connection.

        Closing twice is fine, and a closed factory builds nothing more.
        """
        try:
            async with self._clock.timeout(self._closing_time):
                await self._gate.close()
        except TimeoutError:
            pass
        finally:
            await asyncio.gather(*(transport.aclose() for transport in self._transports.values()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _channel(self, service: str, base_url: str, config: ServiceConfig) -> Channel:
        self._gate.check()
        guards = self._share(
            self._circuit_name(service, base_url),
            breaker=config.breaker,
            retry=config.retry,
            rate_limits=config.rate_limits,
            max_concurrent=config.http.max_connections,
            max_queue=config.max_queue,
        )
        pipeline = Pipeline(
            service,
            retry=config.retry,
            budget=guards.budget,
            breaker=guards.breaker,
            limiter=guards.limiter,
            bulkhead=guards.bulkhead,
            timeout=config.timeout,
            total_timeout=config.total_timeout,
            clock=self._clock,
            rng=self._rng,
            listeners=self._listeners,
        )
        return Channel(service, self._transport(base_url, config.http), pipeline, gate=self._gate)

    async def _check(self, service: str) -> Health:
        health: Health = await getattr(self, service).health_check()
        return health

    def _configured(self) -> list[str]:
        return [name for name in ("supabase", "gemini") if getattr(self._settings, name) is not None]

    def _breakers(self) -> Mapping[str, CircuitBreaker]:
        services = {name: guards.breaker for name, guards in self._guards.items()}
        return services | dict(pair for limits in self._limits.values() for pair in limits.breakers.items())

    def _circuit_name(self, service: str, base_url: str) -> str:
        """The first base URL of a service goes by the service's name, others say their host too."""
        home = self._homes.setdefault(service, base_url)
        return service if base_url == home else f"{service}@{urlsplit(base_url).netloc}"

    def _transport(self, base_url: str, config: HttpConfig) -> Transport:
        if base_url not in self._transports:
            self._transports[base_url] = self._create_transport(config, base_url)
        return self._transports[base_url]

    def _share(
        self,
        name: str,
        *,
        breaker: CircuitBreakerConfig | None,
        retry: RetryConfig,
        rate_limits: Sequence[RateLimit],
        max_concurrent: int | None,
        max_queue: int = 1000,
    ) -> Guards:
        """The guards of this name, made when they are first asked for."""
        if name not in self._guards:
            self._guards[name] = Guards.create(
                name,
                breaker=breaker,
                retry=retry,
                rate_limits=rate_limits,
                max_concurrent=max_concurrent,
                max_queue=max_queue,
                clock=self._clock,
                rng=self._rng,
                listeners=self._listeners,
            )
        return self._guards[name]

    def __repr__(self) -> str:
        return f"<ServiceFactory connections to {len(self._transports)}, circuits {sorted(self._guards)}>"
