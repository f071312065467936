"""The factory: what services share, and how they end."""

import asyncio

import pytest

from viber import (
    BreakerState,
    CircuitBreakerConfig,
    ConfigurationError,
    Deadline,
    GeminiConfig,
    ServiceFactory,
    Settings,
    SupabaseConfig,
)
from viber.http import HttpConfig
from viber.services.gemini import ModelLimits
from viber.testing import EventRecorder, FakeClock, Hang, Reply, ScriptedTransport

URL = "http://127.0.0.1:1"
ROWS = Reply(200, json=[{"id": 1}])


def settings() -> Settings:
    return Settings(
        supabase=SupabaseConfig(url=URL, anon_key="anon-key", service_role_key="service-key"),
        gemini=GeminiConfig(api_key="gemini-key"),
    )


class Transports:
    """Makes scripted transports, and remembers them."""

    def __init__(self, *script: object) -> None:
        self.made: dict[str, ScriptedTransport] = {}
        self._script = script

    def __call__(self, config: HttpConfig, base_url: str) -> ScriptedTransport:
        self.made[base_url] = ScriptedTransport(*self._script)
        return self.made[base_url]


async def test_a_service_is_built_once() -> None:
    """The same configuration gives the same service."""
    async with ServiceFactory(settings()) as services:
        assert services.supabase is services.supabase
        assert services.gemini is services.create_gemini_client(settings().require("gemini"))


async def test_the_gemini_services_that_there_are_can_be_listed() -> None:
    """Asking for them makes none."""
    async with ServiceFactory(settings()) as services:
        assert services.gemini_services == ()
        gemini = services.gemini
        assert services.gemini_services == (gemini,)


async def test_metrics_tell_what_is_under_way_and_what_waits() -> None:
    """Where the number of calls is bounded."""
    async with ServiceFactory(Settings()) as services:
        narrow = services.pipeline("narrow", max_concurrent=1)
        wide = services.pipeline("wide")
        started = [asyncio.create_task(each.run(asyncio.Event().wait)) for each in (narrow, narrow, wide)]
        await asyncio.sleep(0)
        metrics = services.metrics()
        assert (metrics["narrow"].in_flight, metrics["narrow"].queued) == (1, 1)
        assert (metrics["wide"].in_flight, metrics["wide"].queued) == (None, 0)
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)


async def test_keys_of_one_project_share_the_limits_of_its_models() -> None:
    """Those of another project on the same base URL are its own."""
    first = GeminiConfig(api_key="one", limits=(ModelLimits(rpm=5),))
    async with ServiceFactory(settings()) as services:
        one = services.create_gemini_client(first)
        two = services.create_gemini_client(GeminiConfig(api_key="two"))
        other = services.create_gemini_client(GeminiConfig(api_key="three", project="other"))
    assert one.limits is two.limits
    assert one.limits is not other.limits
    assert one.usage is not two.usage


async def test_the_circuits_of_models_that_stood_in_are_shown() -> None:
    """Beside those of the services, and they can be reset by name."""
    said = {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}
    transports = Transports(Reply(404), Reply(json=said), Reply(json=said))
    async with ServiceFactory(settings(), create_transport=transports) as services:
        await services.gemini.with_models("a", "b").generate_text("hi")
        await services.gemini.generate_text("hi", model="c")
        names = {"gemini", "gemini/a", "gemini/b"}
        assert services.get_all_circuit_breaker_states().keys() == names
        services.reset_circuit_breaker("gemini/a")


async def test_an_absent_service_names_what_to_set() -> None:
    """Using a service that is not configured says which variables it needs."""
    async with ServiceFactory(Settings.from_env({})) as services:
        with pytest.raises(ConfigurationError, match="GEMINI_API_KEY"):
            _ = services.gemini


async def test_credentials_of_one_base_url_share_connections_and_circuit() -> None:
    """Two keys of one project are one service to the network, and two to the caller."""
    transports = Transports()
    async with ServiceFactory(settings(), create_transport=transports) as services:
        other = services.create_supabase_client(SupabaseConfig(url=URL, anon_key="other-key"))
        assert other is not services.supabase
        assert list(transports.made) == [URL]
        assert list(services.get_all_circuit_breaker_states()) == ["supabase"]


async def test_another_base_url_has_a_circuit_of_its_own() -> None:
    """A second project is not rejected because the first one is down."""
    async with ServiceFactory(settings(), create_transport=Transports()) as services:
        _ = services.supabase
        services.create_supabase_client(SupabaseConfig(url="http://127.0.0.1:2", anon_key="key"))
        assert set(services.get_all_circuit_breaker_states()) == {"supabase", "supabase@127.0.0.1:2"}


async def test_an_unknown_circuit_lists_the_known_ones() -> None:
    """A typo in a name is answered with the names there are."""
    async with ServiceFactory(settings(), create_transport=Transports()) as services:
        _ = services.gemini
        with pytest.raises(KeyError, match="gemini"):
            services.get_circuit_breaker("gemni")


async def test_a_circuit_is_reset_by_name() -> None:
    """An operator closes a circuit by hand."""
    async with ServiceFactory(settings(), create_transport=Transports()) as services:
        services.pipeline("quotes", breaker=CircuitBreakerConfig(failure_threshold=1))
        with services.get_circuit_breaker("quotes").acquire() as permit:
            permit.failure()
        assert services.get_all_circuit_breaker_states()["quotes"].state is BreakerState.OPEN
        services.reset_circuit_breaker("quotes")
        assert services.get_all_circuit_breaker_states()["quotes"].state is BreakerState.CLOSED


async def test_a_pipeline_runs_a_function_of_your_own() -> None:
    """Any coroutine function goes through the same protection."""

    async def quote(currency: str) -> str:
        return f"1.08 {currency}"

    async with ServiceFactory(settings(), create_transport=Transports()) as services:
        assert await services.pipeline("quotes").run(quote, "EUR") == "1.08 EUR"


async def test_a_listener_hears_of_calls_until_it_stops() -> None:
    """Listening begins and ends at any time."""
    recorder = EventRecorder()
    async with ServiceFactory(settings(), create_transport=Transports(ROWS, ROWS)) as services:
        stop = services.listen(recorder)
        await services.supabase.table("orders").select().limit(1)
        stop()
        await services.supabase.table("orders").select().limit(1)
    assert [type(event).__name__ for event in recorder.events] == ["RequestTimed", "CallFinished"]


async def test_a_deadline_bounds_a_service_call() -> None:
    """A call that hangs ends with the deadline around it."""
    clock = FakeClock()
    async with ServiceFactory(settings(), clock=clock, create_transport=Transports(Hang())) as services:

        async def bounded() -> None:
            with Deadline(2.0, clock=clock):
                await services.supabase.table("orders").select().limit(1)

        task = asyncio.create_task(bounded())
        await clock.advance(2.0)
        with pytest.raises(TimeoutError):
            await task


async def test_health_is_asked_of_every_configured_service() -> None:
    """One answer for each service that the settings name."""
    transports = Transports(Reply(200, json={"models": []}))
    only_gemini = Settings(gemini=GeminiConfig(api_key="gemini-key"))
    async with ServiceFactory(only_gemini, create_transport=transports) as services:
        health = await services.health_check()
    assert list(health) == ["gemini"]
    assert health["gemini"].healthy


async def test_leaving_the_block_closes_and_refuses() -> None:
    """A closed factory builds nothing more; closing twice is fine."""
    async with ServiceFactory(settings(), create_transport=Transports()) as services:
        _ = services.supabase
    await services.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        _ = services.gemini


async def test_the_repr_shows_counts_and_no_key() -> None:
    """A factory can be logged."""
    async with ServiceFactory(settings(), create_transport=Transports()) as services:
        _ = services.supabase
        assert repr(services) == "<ServiceFactory connections to 1, circuits ['supabase']>"


async def test_a_call_under_way_may_finish_while_the_factory_closes() -> None:
    """Closing refuses new calls, and waits for the answer of an old one."""
    clock = FakeClock()
    transport = ScriptedTransport(Reply(200, json=[{"id": 1}], delay=3.0), clock=clock)
    services = ServiceFactory(settings(), clock=clock, create_transport=lambda *_: transport)
    table = services.supabase.table("orders")
    under_way = asyncio.create_task(table.select().limit(1).run())
    await clock.settle()
    closing = asyncio.create_task(services.aclose())
    await clock.settle()
    with pytest.raises(RuntimeError, match="closed"):
        await table.select().limit(1)
    await clock.advance(3.0)
    assert await under_way == [{"id": 1}]
    await closing


async def test_a_call_that_does_not_finish_is_ended() -> None:
    """After the closing time connections are closed, whatever is still under way."""
    clock = FakeClock()
    transport = ScriptedTransport(Hang(), clock=clock)
    services = ServiceFactory(
        settings(), clock=clock, create_transport=lambda *_: transport, closing_time=1.0
    )
    under_way = asyncio.create_task(services.supabase.table("orders").select().limit(1).run())
    await clock.settle()
    closing = asyncio.create_task(services.aclose())
    await clock.advance(1.0)
    await closing
    assert transport.is_closed
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
