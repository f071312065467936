"""The life of an application: services are there from its start to its end."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from viber._serving import ending_on_signals
from viber.factory import ServiceFactory
from viber.integrations.fastapi._streams import OpenStreams
from viber.settings import Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


def lifespan(
    settings: Settings | Callable[[], ServiceFactory] | None = None, *, inner: Lifespan | None = None
) -> Lifespan:
    """A lifespan that owns a `ServiceFactory`; read from the environment if no settings are given.

    A function instead of settings makes the factory itself, for options of your own. `inner` is a lifespan of
    yours, which runs inside and may use `app.state.services`. Streams that are being relayed end when the
    server is told to stop, so that they do not hold it.

    Example:
        >>> from viber import Settings
        >>> app = FastAPI(lifespan=lifespan(Settings()))
    """

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncGenerator[Any]:
        async with AsyncExitStack() as stack:
            services = settings() if callable(settings) else ServiceFactory(settings)
            app.state.services = await stack.enter_async_context(services)
            app.state.open_streams = streams = OpenStreams()
            stack.enter_context(ending_on_signals(streams.end))
            stack.callback(streams.end)
            yield await stack.enter_async_context(inner(app)) if inner is not None else None

    return living
