"""Pages for people: status, model card, and API documentation. Nothing on them comes from another host."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service.desk import Desk
from service.errors import NotFound, Unauthenticated
from service.http.asgi import call_of
from service.http.head import HeadRoute
from service.http.kept import kept
from service.http.status import ASSETS, PAGE, card_page, status_page

SWAGGER = files("fastapi_swagger") / "resources"
DOCS = {
    "swagger-ui-bundle.js": (SWAGGER, "text/javascript"),
    "swagger-ui.css": (SWAGGER, "text/css"),
    "favicon-32x32.png": (SWAGGER, "image/png"),
    "docs.js": (ASSETS, "text/javascript"),
}
"""Files of the documentation page: where each is, and its type."""


def _style_hash() -> str:
    """Allows the page's own style and no other."""
    style = re.search(r"<style>(.*?)</style>", PAGE.template, re.DOTALL)
    assert style is not None
    return base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()


POLICY = "default-src 'none'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
READ = {
    "Content-Security-Policy": POLICY + f"style-src 'sha256-{_style_hash()}'",
    "Referrer-Policy": "no-referrer",
}
TRY = {
    **READ,
    "Content-Security-Policy": POLICY + "script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'",
}
HTML = "text/html; charset=utf-8"
A_DAY = 86_400


def router(desk: Desk, document: Callable[[], dict[str, Any]]) -> APIRouter:
    """The pages; they ask for the API key unless the settings leave them open.

    Args:
        desk: what is served, counted and set.
        document: makes the OpenAPI document.
    """

    async def guard(request: Request) -> None:
        if desk.settings.pages == "open":
            return
        try:
            await desk.enter(call_of(request.scope))
        except Unauthenticated as error:
            error.challenge = 'Basic realm="API key as password"'
            raise

    routes = APIRouter(include_in_schema=False, dependencies=[Depends(guard)], route_class=HeadRoute)

    @routes.get("/")
    async def status(request: Request) -> Response:
        return kept(request, status_page(desk, str(request.base_url)).encode(), HTML, headers=READ)

    @routes.get("/card")
    async def card(request: Request) -> Response:
        return kept(request, card_page(desk.models.first.served).encode(), HTML, headers=READ)

    @routes.get("/docs")
    async def docs(request: Request) -> Response:
        return kept(request, (ASSETS / "docs.html").read_bytes(), HTML, headers=TRY)

    @routes.get("/docs/assets/{name}")
    async def asset(request: Request, name: str) -> Response:
        if name not in DOCS:
            raise NotFound("there is no such page")
        folder, kind = DOCS[name]
        return kept(request, (folder / name).read_bytes(), kind, A_DAY)

    @routes.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return kept(request, msgspec.json.encode(document()), "application/json")

    return routes
