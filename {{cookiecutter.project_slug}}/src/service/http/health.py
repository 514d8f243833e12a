"""Routes for machines that watch: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from service.desk import Desk
from service.http.head import HeadRoute
from service.metrics import CONTENT_TYPE


def router(desk: Desk) -> APIRouter:
    """Liveness, readiness and metrics; open to all, as probes and scrapers carry no key."""
    routes = APIRouter(tags=["health"], route_class=HeadRoute)

    @routes.get("/healthz", summary="Whether the process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz", summary="Whether predictions can be answered", responses={503: {"description": "Not yet"}})
    async def readyz() -> JSONResponse:
        if reason := desk.unready:
            return JSONResponse({"status": "not ready", "reason": reason}, 503)
        return JSONResponse({"status": "ready"})

    @routes.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def expose() -> Response:
        desk.metrics.in_flight.set(desk.lifecycle.in_flight - 1)  # this one aside
        return Response(desk.metrics.expose(), media_type=CONTENT_TYPE)

    return routes
