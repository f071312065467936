"""An application as its author writes it, with the page in it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from viber.dashboard import Dashboard
from viber.integrations.fastapi import lifespan
from viber.settings import Settings


@asynccontextmanager
async def page(app: FastAPI) -> AsyncGenerator[None]:
    app.state.services.pipeline("quotes")
    async with Dashboard(app.state.services) as dashboard:
        app.mount("/ops/viber", dashboard)
        yield


app = FastAPI(lifespan=lifespan(Settings(), inner=page))
