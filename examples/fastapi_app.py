"""Orders from Supabase and a story from Gemini, behind FastAPI.

Start it against the local sandbox:

    viber sandbox -- uvicorn --app-dir examples fastapi_app:app
"""

from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from viber.integrations.fastapi import Gemini, Supabase, TokenRelay, install, lifespan


class Order(BaseModel):
    id: int
    status: str
    total: Decimal


app = FastAPI(lifespan=lifespan())
install(app, deadline=10.0)


@app.get("/orders/{order_id}")
async def read_order(order_id: int, db: Supabase) -> Order:
    return await db.table("orders", Order).select().eq("id", order_id).one()


@app.get("/orders")
async def list_orders(
    db: Supabase, status: str = "open", limit: Annotated[int, Query(le=100)] = 20
) -> list[Order]:
    return await db.table("orders", Order).select().eq("status", status).order("id").limit(limit)


@app.get("/story")
async def tell_story(gemini: Gemini, about: str = "a circuit breaker") -> TokenRelay:
    return TokenRelay(gemini.stream(f"Tell me a story about {about}"))
