"""How the server answers whom the intake turns away: at once, without the application, and the connection goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from service.intake import Intake
from service.metrics import Metrics
from wire import Listening, Wire, listening

LATE = b"X-Request-Timeout-Ms: 1\r\n"


@pytest.fixture
def server() -> Iterator[Listening]:
    """A server whose model has ten seconds of work."""
    with listening(intake=Intake(Metrics(), lambda name, size: 10.0, 100_000, 1000.0)) as found:
        yield found


def ask(body: bytes = b"{}", headers: bytes = LATE, path: bytes = b"/v1/predict") -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%b\r\n"
    return head % (path, len(body), headers) + body


def turned_away(wire: Wire) -> None:
    answer = wire.answer()
    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "10"
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = answer.json()
    assert (told["title"], told["instance"]) == ("Overloaded", "/v1/predict")
    assert told["request_id"] == answer.headers["x-request-id"]


def test_it_never_reaches_the_application_and_the_connection_is_kept(server: Listening) -> None:
    with server.wire() as wire:
        for _ in range(3):
            wire.send(ask())
            turned_away(wire)
        assert wire.get("/alive").status == 200
        wire.send(ask(headers=b""))
        assert wire.answer().status == 200, "who has time is let in"
    assert server.echo.seen == ["GET /alive", "POST /v1/predict"]


def test_it_is_told_before_its_body_has_come_and_the_body_is_not_taken_for_a_request(server: Listening) -> None:
    request = ask(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" * 5000)
    with server.wire() as wire:
        wire.send(request[:200])
        turned_away(wire)
        wire.send(request[200:])
        assert wire.get("/after").status == 200
    assert server.echo.seen == ["GET /after"]


def test_a_client_that_waits_to_be_told_to_send_its_body_may_not_send_it(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(ask(b"", LATE + b"Expect: 100-continue\r\n").replace(b"Content-Length: 0", b"Content-Length: 5"))
        answer = wire.answer()
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert wire.rest() == b""


def test_it_may_name_its_request_and_end_the_connection(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(ask(headers=LATE + b"X-Request-ID: mine\r\nConnection: close\r\n"))
        answer = wire.answer()
        assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine"
        assert answer.headers["connection"] == "close"
        assert wire.rest() == b""


@pytest.mark.parametrize(
    "after",
    [b"NO HTTP\r\n\r\n", ask(headers=b""), b"GET / HTTP/1.1\r\n\r\n"],
    ids=["not HTTP", "a prediction", "no host"],
)
def test_what_comes_in_one_piece_after_the_last_request_is_not_read(
    server: Listening, after: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with server.wire() as wire:
        wire.send(ask(b"", LATE + b"Expect: 100-continue\r\n") + after)  # nobody knows whether this is the body
        turned_away(wire)
        assert wire.rest() == b""
    with server.wire() as wire:
        assert wire.get("/alive").status == 200
    assert server.echo.seen == ["GET /alive"]
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_many_in_one_piece_are_each_answered(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(ask() * 2000)
        for _ in range(2000):
            turned_away(wire)


def test_what_is_no_prediction_is_never_turned_away(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(ask(path=b"/v1/feedback"))
        assert wire.answer().status == 200


def test_a_deadline_that_cannot_be_read_is_for_the_application_to_refuse(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(ask(headers=b"X-Request-Timeout-Ms: soon\r\n"))
        assert wire.answer().status == 200
