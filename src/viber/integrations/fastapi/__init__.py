"""viber in a FastAPI application. Needs the extra `fastapi`.

Example:
    >>> from fastapi import FastAPI
    >>> from viber import Settings
    >>> app = FastAPI(lifespan=lifespan(Settings()))
    >>> install(app, deadline=10.0)
    >>> @app.get("/orders/{order_id}")
    ... async def read_order(order_id: int, db: Supabase) -> dict[str, object]:
    ...     return await db.table("orders").select().eq("id", order_id).one()
"""

from viber.integrations.fastapi._dependencies import Gemini, Services, Supabase, UserSupabase
from viber.integrations.fastapi._install import install
from viber.integrations.fastapi._lifespan import lifespan
from viber.integrations.fastapi._middleware import RequestContext
from viber.integrations.fastapi._problems import ErrorStyle, error_response, status_of
from viber.integrations.fastapi._relay import TokenRelay

__all__ = [
    "ErrorStyle",
    "Gemini",
    "RequestContext",
    "Services",
    "Supabase",
    "TokenRelay",
    "UserSupabase",
    "error_response",
    "install",
    "lifespan",
    "status_of",
]
