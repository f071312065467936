"""What an operator asks of an application."""

from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from viber.health import HealthReport
from viber.integrations.fastapi._dependencies import Services

_NO_STORE = {"cache-control": "no-store"}


def operations() -> APIRouter:
    """The endpoints `/livez`, `/readyz`, `/health` and `/metrics`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> JSONResponse:
        """The process serves requests; asks nobody."""
        return JSONResponse({"status": "alive"}, headers=_NO_STORE)

    @router.get("/readyz")
    async def readyz(services: Services) -> JSONResponse:
        """Whether requests can be served: 503 where something critical is unhealthy."""
        report = await services.health.check_all()
        status = 503 if report.status == "unhealthy" else 200
        return JSONResponse({"status": report.status}, status, _NO_STORE)

    @router.get("/health")
    async def health(services: Services) -> JSONResponse:
        """Every check, and the circuits; 503 as for `/readyz`."""
        report = await services.health.check_all()
        status = 503 if report.status == "unhealthy" else 200
        return JSONResponse(_shown(report), status, _NO_STORE)

    if find_spec("prometheus_client") is not None:
        from viber.integrations.prometheus import CONTENT_TYPE, exposition

        @router.get("/metrics")
        async def metrics(services: Services) -> Response:
            """What Prometheus scrapes."""
            text = exposition(
                services.metrics, health=services.health, gemini=lambda: services.gemini_services
            )
            return Response(text, media_type=CONTENT_TYPE)

    return router


def _shown(report: HealthReport) -> dict[str, Any]:
    checks = {
        name: {
            "healthy": each.healthy,
            "latency": round(each.latency, 6),
            **({"error": each.error} if each.error else {}),
            **({"circuit": each.circuit} if each.circuit else {}),
        }
        for name, each in report.checks.items()
    }
    return {"status": report.status, "checks": checks}
