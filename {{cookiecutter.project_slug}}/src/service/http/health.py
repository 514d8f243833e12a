"""Routes for machines that watch: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from service.errors import ServiceError
from service.metrics import CONTENT_TYPE, Metrics
from service.serving import Slot


def router(slot: Slot, metrics: Metrics) -> APIRouter:
    """Liveness, readiness and metrics; open to all, as probes and scrapers carry no key."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="Whether the process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz", summary="Whether predictions can be answered", responses={503: {"description": "Not yet"}})
    async def readyz() -> JSONResponse:
        try:
            slot.get()
        except ServiceError as error:  # the title only: the rest is for those with a key
            return JSONResponse({"status": "not ready", "reason": error.title}, 503)
        return JSONResponse({"status": "ready"})

    @routes.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def expose() -> Response:
        return Response(metrics.expose(), media_type=CONTENT_TYPE)

    return routes
