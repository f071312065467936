"""Orders from Supabase and a story from Gemini, behind FastAPI.

Start it against the local sandbox:

    viber sandbox -- uvicorn --app-dir examples fastapi_app:app
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from viber import BaseError, CircuitOpenError, Deadline, NotFoundError, ServiceFactory


class Order(BaseModel):
    id: int
    status: str
    total: Decimal


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with ServiceFactory() as services:
        app.state.services = services
        yield


app = FastAPI(lifespan=lifespan)


def get_services(request: Request) -> ServiceFactory:
    return request.app.state.services


Services = Annotated[ServiceFactory, Depends(get_services)]


@app.get("/orders/{order_id}")
async def read_order(order_id: int, services: Services) -> Order:
    with Deadline(2.0):
        return await services.supabase.table("orders", Order).select().eq("id", order_id).one()


@app.get("/story")
async def tell_story(services: Services, about: str = "a circuit breaker") -> StreamingResponse:
    async def words() -> AsyncIterator[str]:
        async with services.gemini.stream(f"Tell me a story about {about}") as tokens:
            async for token in tokens:
                yield token.text

    return StreamingResponse(words(), media_type="text/plain")


@app.exception_handler(BaseError)
async def explain(_: Request, error: BaseError) -> JSONResponse:
    status = 404 if isinstance(error, NotFoundError) else 503 if isinstance(error, CircuitOpenError) else 502
    return JSONResponse(error.to_response().model_dump(mode="json", by_alias=True), status)
