"""Who may ask."""

import hmac
import os

from fastapi import HTTPException, Request


def known_caller(request: Request) -> str:
    given = request.headers.get("X-API-Key", "")
    if not hmac.compare_digest(given, os.environ["API_KEY"]):
        raise HTTPException(401, "send the header X-API-Key")
    return "buyers"
