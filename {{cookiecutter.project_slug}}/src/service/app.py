"""Where the parts meet: settings in, application out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service import auth
from service.errors import FieldProblem, InvalidInput, ServiceError, pointer
from service.http import health, invocations, openapi, openinference, pages
from service.http.asgi import PROBLEM, problem
from service.http.observe import Observe
from service.http.predict import Desk, Predict, RawRoute
from service.metrics import Metrics
from service.serving import Slot
from service.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build the service: load the approved bundle, join the routes, and look for newer bundles while running.

    Without a bundle that may be served it starts all the same, answers 503 and says why at ``/readyz``, so that it
    can be deployed before its first model is approved.

    Raises:
        SettingsError: the API keys cannot be read.
    """
    metrics = Metrics()
    slot = Slot(settings.bundle, settings.approvers, allow_self=settings.local)
    slot.refresh()
    metrics.ready.set_function(lambda: float(slot.ready))
    desk = Desk(slot, _keys(settings), metrics, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watcher = asyncio.create_task(slot.watch(settings.reload_seconds))
        yield
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher

    app = FastAPI(title="Model service", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.append(RawRoute("/v1/predict", Predict(desk), methods=["POST"]))
    app.include_router(openinference.router(desk))
    app.include_router(invocations.router(desk))
    app.include_router(health.router(slot, metrics))
    app.include_router(pages.router(desk, lambda: openapi.document(app, slot)))
    app.add_exception_handler(ServiceError, _render)
    app.add_exception_handler(HTTPException, _render_http)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_middleware(Observe, metrics=metrics)
    return app


def _keys(settings: Settings) -> auth.ApiKeys:
    if settings.local and not settings.api_keys.exists():
        return auth.ApiKeys({"local": auth.hash_key(auth.local_key(settings.local_key))})
    return auth.load_keys(settings.api_keys)


async def _render(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    body, headers = problem(error, request.scope)
    named = {name.decode(): value.decode() for name, value in headers}
    return Response(body, error.status, named, PROBLEM.decode())


async def _render_http(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such page, wrong method) in the same form."""
    assert isinstance(error, HTTPException)
    told = ServiceError("there is no such page" if error.detail == "Not Found" else error.detail)
    told.status, told.title = error.status_code, HTTPStatus(error.status_code).phrase
    response = await _render(request, told)
    response.headers.update(error.headers or {})
    return response


async def _render_invalid(request: Request, error: Exception) -> Response:
    """FastAPI's own refusals, of what a route declares as parameters or body, in the same form."""
    assert isinstance(error, RequestValidationError)
    problems = tuple(FieldProblem(pointer(*found["loc"]), found["msg"]) for found in error.errors())
    return await _render(request, InvalidInput("the request does not fit the route", problems))
