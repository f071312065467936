"""Everything that an application needs besides its lifespan."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from viber.errors import BaseError
from viber.integrations.fastapi._endpoints import operations
from viber.integrations.fastapi._middleware import RequestContext
from viber.integrations.fastapi._problems import ErrorStyle, Statuses, error_response


def install(
    app: FastAPI,
    *,
    deadline: float | None = None,
    errors: ErrorStyle = "problem",
    statuses: Statuses | None = None,
    endpoints: bool = True,
) -> None:
    """Give an application error answers, request ids, deadlines and the endpoints of an operator.

    `deadline`: seconds that the services have for one request. `errors`: problem details (RFC 9457), or the
    `ErrorResponse`. `statuses` overrides the status of a class of errors. `endpoints` adds
    `/livez`, `/readyz`, `/health` and, where the extra `prometheus` is installed, `/metrics`.
    """

    async def explain(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, BaseError)  # noqa: S101 - it is registered for no other class
        error.locate(request_id=request.scope.get("state", {}).get("request_id", ""))
        return error_response(error, style=errors, statuses=statuses)

    app.add_exception_handler(BaseError, explain)
    app.add_middleware(RequestContext, deadline=deadline)
    if endpoints:
        app.include_router(operations())
