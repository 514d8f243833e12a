"""Overload of the whole service: while its model has enough to do, who could not be in time is told so at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import sample
from running import until
from service import audit, auth
from service.app import create_app
from service.batching import Batcher
from service.cost import Cost, Outputs
from service.settings import Settings
from service.signature import Blocks
from wire import Listening, Wire, listening

ROWS = json.dumps({"rows": sample.ROWS["binary"] * 50}).encode()
BROKEN = b"[" * len(ROWS)
"""As long, and refused with 400 once it is decoded."""

HURRY = b"X-Request-Timeout-Ms: 2000\r\n"


@dataclass
class Slow:
    """A service whose model takes a second for a call, as its warm-up is said to have measured, and waits to go on.

    Attributes:
        server: where it listens.
        key: an API key.
        begun: set when the model was called.
        going: lets it go on.
    """

    server: Listening
    key: str
    begun: threading.Event
    going: threading.Event

    def ask(self, body: bytes, headers: bytes = b"") -> bytes:
        head = b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\nContent-Length: %d\r\n%b\r\n"
        return head % (self.key.encode(), len(body), headers) + body


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    release, key = sample.release(tmp_path / "current"), auth.create_key(tmp_path / "keys.json", "tester")
    audit.create_keys(tmp_path / "audit.pem", tmp_path / "audit-input")
    paths = {"bundle": release.folder, "approvers": release.approvers, "api_keys": tmp_path / "keys.json"}
    paths |= {"audit": tmp_path / "audit", "audit_key": tmp_path / "audit.pem"}
    app = create_app(Settings(environment="prod", audit_input_key=tmp_path / "audit-input", **paths))
    desk, begun, going = app.state.desk, threading.Event(), threading.Event()
    served = desk.models.get()

    def model(blocks: Blocks) -> Outputs:
        begun.set()
        assert going.wait(30)
        return served.session.run(blocks)

    batcher = Batcher(model, Cost(1.0, 0.0), ThreadPoolExecutor(1), desk.metrics, "sample", 50_000, 1)
    desk.models.first._served = replace(served, batcher=batcher)
    with listening(app=app, intake=desk.intake) as server:
        try:
            yield Slow(server, key, begun, going)
        finally:
            going.set()


def test_who_could_not_be_in_time_is_told_at_once_and_not_decoded(slow: Slow) -> None:
    with ExitStack() as stack:
        first, patient, *hurried = (stack.enter_context(slow.server.wire()) for _ in range(22))
        first.send(slow.ask(ROWS))
        assert slow.begun.wait(30)
        patient.send(slow.ask(ROWS))
        until(lambda: in_flight(slow) == 2)
        for wire in hurried:
            wire.send(slow.ask(BROKEN, HURRY))
        assert [wire.answer().status for wire in hurried] == [503] * 20, "400 were it decoded"
        slow.going.set()
        assert [answered(wire) for wire in (first, patient)] == [100, 100]
        hurried[0].send(slow.ask(BROKEN, HURRY))
        assert hurried[0].answer().status == 400, "on the same connection, now that there is time"


def in_flight(slow: Slow) -> int:
    """Requests under way beside this scrape, each past the door."""
    with slow.server.wire() as wire:
        text = wire.get("/metrics").body.decode()
    return int(float(text.partition("\nhttp_requests_in_flight ")[2].partition("\n")[0]))


def answered(wire: Wire) -> int:
    """How many rows were answered."""
    answer = wire.answer()
    assert answer.status == 200
    return len(answer.json()["predictions"])
