"""Where the parts meet: settings in, application out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service import controls
from service.desk import Desk
from service.errors import FieldProblem, InvalidInput, ServiceError, fault, pointer
from service.http import health, invocations, openapi, openinference, pages
from service.http.asgi import PROBLEM, problem
from service.http.observe import Observe
from service.http.predict import Predict, RawRoute
from service.lifecycle import Lifecycle
from service.logs import AccessLog
from service.settings import Settings
from service.tracing import Tracer


class Service(FastAPI):
    """FastAPI inside a layer of our own, which meets every request first and sees what FastAPI refuses, too."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.front(scope, receive, send)

    async def inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        """All that FastAPI does."""
        await super().__call__(scope, receive, send)


def create_app(settings: Settings, lifecycle: Lifecycle | None = None) -> FastAPI:
    """Build the service: load the approved bundles, join controls and routes, look for newer bundles while running.

    Without a bundle that may be served it starts all the same, answers 503 and says why at ``/readyz``, so that it
    can be deployed before its first model is approved.

    Raises:
        SettingsError: a file that the settings name cannot be used.
    """
    desk = controls.desk(settings, lifecycle or Lifecycle())
    slot = desk.models.first
    tracer = Tracer(
        settings.name,
        settings.commit,
        settings.environment,
        settings.otlp or None,
        settings.trace_share,
        ceiling=settings.trace_ceiling,
        quiet=Observe.quiet,
    )
    access = AccessLog(settings.log_level, Observe.quiet)
    running = _lifespan(desk, tracer, access)
    app = Service(title="Model service", lifespan=running, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False  # the address would be made from what the caller calls this host
    app.state.desk = desk
    predict = Predict(desk)
    for path in ("/v1/predict", "/v1/models/{name}/predict"):
        app.router.routes.append(RawRoute(path, predict, methods=["POST"]))
    app.include_router(openinference.router(desk))
    app.include_router(invocations.router(desk))
    app.include_router(health.router(desk))
    app.include_router(pages.router(desk, lambda: openapi.document(app, slot)))
    app.add_exception_handler(ServiceError, _render)
    app.add_exception_handler(HTTPException, _render_http)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_exception_handler(Exception, _render_fault)
    lanes = {"/v1/predict": predict}
    app.front = Observe(app.inner, lanes, desk.metrics, access, tracer, desk.lifecycle, tls=bool(settings.tls_key))
    return app


def _lifespan(desk: Desk, tracer: Tracer, access: AccessLog) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What runs beside the requests, and what is brought to its end after the last of them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watcher = asyncio.create_task(desk.watch(desk.settings.reload_seconds))
        yield
        watcher.cancel()
        await asyncio.wait([watcher])
        await desk.close()
        await asyncio.to_thread(tracer.shutdown)
        access.flush()

    return lifespan


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


async def _render_fault(request: Request, error: Exception) -> Response:
    """Faults of ours, without what they are. Starlette raises them again, and they are logged where they arrive."""
    return await _render(request, fault())
