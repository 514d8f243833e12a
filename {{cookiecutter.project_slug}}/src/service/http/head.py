"""HEAD, which FastAPI leaves out: the same answer as to GET, without its body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send


class HeadRoute(APIRoute):
    """FastAPI's route; but one that answers GET answers HEAD alike (RFC 9110), and the server leaves out the body.

    HEAD is none of its ``methods``, as FastAPI would describe it as an operation of its own.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route for a request, and what to add to its scope."""
        return super().matches(_as_get(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse its method."""
        if self.methods == {"GET"} and scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        await super().handle(_as_get(scope), receive, send)


def _as_get(scope: Scope) -> Scope:
    """A request for the head as one for the whole. A copy: the server still has to know what was asked."""
    return {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope
