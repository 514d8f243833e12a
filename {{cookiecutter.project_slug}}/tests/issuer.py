"""A token issuer on this machine: a real server with a key set, which can rotate its keys, fail, hang and go away."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AUDIENCE = "model-service"
PADDING = {"large": 1_000_000, "drip": 100_000}
"""Bytes that make an answer longer than it need be."""


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """An RSA key; slow to make, so the same one for all."""
    return rsa.generate_private_key(65537, bits)


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """A new elliptic curve key, on P-256 unless another curve is given."""
    return ec.generate_private_key(curve or ec.SECP256R1())


def public_jwk(key: Private, **more: Any) -> dict[str, Any]:
    """A key as it is published."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return {**RSAAlgorithm.to_jwk(public, as_dict=True), **more}
    if isinstance(public, ec.EllipticCurvePublicKey):
        return {**ECAlgorithm.to_jwk(public, as_dict=True), **more}
    return {**OKPAlgorithm.to_jwk(public, as_dict=True), **more}


class Issuer:
    """The issuer; close it after use.

    Attributes:
        keys: private keys by their ids; the first signs.
        also: further entries of the key set.
        does: what it does when asked for its keys.
        redirect: where it sends whoever asks, when it redirects.
        fetches: how often it was asked.
        asked: set when it is asked.
        released: set to end its hanging.
        left: set when somebody no longer waits for the end of an answer that drips.
    """

    def __init__(self) -> None:
        self.keys: dict[str, Private] = {"first": ec_key()}
        self.also: list[Any] = []
        self.does: Literal["answer", "fail", "garbage", "large", "redirect", "hang", "drip"] = "answer"
        self.redirect = ""
        self.fetches = 0
        self.asked = threading.Event()
        self.released = threading.Event()
        self.left = threading.Event()
        self.port = 0
        self.up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.down()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/keys"

    def up(self) -> None:
        """Listen, always on the same port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def down(self) -> None:
        """Go away: nobody listens any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on; the others are still published."""
        self.keys = {kid: ec_key(), **self.keys}

    def jwks(self) -> dict[str, Any]:
        """The key set as it is published."""
        return {"keys": [*(public_jwk(key, kid=kid) for kid, key in self.keys.items()), *self.also]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a token says; a claim that is changed to None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 600, "scope": "predict"}
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def token(
        self, kid: str | None = None, alg: str = "ES256", head: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A token signed with the newest key, or the one of that id; ``head`` and ``claims`` are changes."""
        kid = kid or next(iter(self.keys))
        given = {"kid": kid, **(head or {})}
        given = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(self.claims(**claims), self.keys[kid], alg, given)


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.fetches += 1
            issuer.asked.set()
            if issuer.does == "hang":
                issuer.released.wait()
            body = json.dumps(issuer.jwks()).encode()
            body = b"<html>" if issuer.does == "garbage" else body + b" " * PADDING.get(issuer.does, 0)
            self.send_response({"fail": 500, "redirect": 302}.get(issuer.does, 200))
            self.send_header("Location", issuer.redirect)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            while issuer.does == "drip" and not issuer.released.wait(0.005):
                self.drip()
            self.wfile.write(body)

        def drip(self) -> None:
            try:
                self.wfile.write(b" ")
            except ConnectionError:
                issuer.left.set()
                raise

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # whoever asked may have gone
                super().handle()

    return Handler
