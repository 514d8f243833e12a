"""The limit: an ASGI application that reads the body and answers fixed bytes, as many as a real answer has."""

from __future__ import annotations

LARGE = 4_000
"""Bytes of a body that holds more than one row."""

ONE = b'{"label":"benign","probabilities":{"malignant":0.019999999552965164,"benign":0.9800000190734863}}'
ANSWER, MORE = (b'{"predictions":[' + b",".join([ONE] * rows) + b'],"version":"1"}' for rows in (1, 100))
HEADERS = {
    body: [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    for body in (ANSWER, MORE)
}


async def app(scope, receive, send):
    """Read the whole body, look at nothing."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = ANSWER if size < LARGE else MORE
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS[body]})
    await send({"type": "http.response.body", "body": body})
