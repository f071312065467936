"""Read by type checkers, never executed: the page is an ASGI application, and its guards are awaited."""

from collections.abc import MutableMapping
from typing import Any, assert_type

import uvicorn
from starlette.applications import Starlette

from viber import ServiceFactory
from viber.dashboard import Dashboard, Guard


async def is_operator(scope: MutableMapping[str, Any]) -> bool:
    return "session" in scope


async def guards_and_servers(services: ServiceFactory, app: Starlette) -> None:
    guard: Guard = is_operator
    async with Dashboard(services, auth=guard, allow=is_operator, max_life=None) as page:
        assert_type(page, Dashboard)
        assert_type(page.viewers, int)
        app.mount("/viber", page)
        uvicorn.Config(page)
    Dashboard(services, auth=lambda scope: True)  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
