"""The server's HTTP: what is refused so that nothing can be smuggled, and how long and how much clients may take."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.types import Receive, Scope, Send

from running import until
from service.http.protocol import Bounds
from service.http.server import ACCEPTED
from service.http.strict import AHEAD
from wire import SECONDS, Answer, Echo, Listening, listening

SECOND = b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
HELD = SECOND.replace(b"second", b"slow")
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    """One with the default bounds; shared."""
    with listening() as found:
        yield found


@pytest.fixture
def start() -> Iterator[Callable[..., Listening]]:
    """Starts one with bounds of its own."""
    with ExitStack() as stack:
        yield lambda **bounds: stack.enter_context(listening(Bounds(**bounds)))


def refused(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.body.decode()


def head(*lines: bytes, method: bytes = b"POST") -> bytes:
    return b"\r\n".join([method + b" / HTTP/1.1", b"Host: a", *lines, b"", b""])


MALFORMED = {
    "length and chunked": head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunked and length": head(b"Transfer-Encoding: chunked", b"Content-Length: 5") + b"0\r\n\r\n",
    "two lengths": head(b"Content-Length: 1", b"Content-Length: 2") + b"ab",
    "the same length twice": head(b"Content-Length: 1", b"Content-Length: 1") + b"a",
    "a list of lengths": head(b"Content-Length: 1, 1") + b"a",
    "a negative length": head(b"Content-Length: -1"),
    "a signed length": head(b"Content-Length: +1") + b"a",
    "a length in hex": head(b"Content-Length: 0x1") + b"a",
    "an empty length": head(b"Content-Length: "),
    "a length with a space": head(b"Content-Length: 1 0") + b"a" * 10,
    "a length with thousands of zeros": head(b"Content-Length: " + b"0" * 5000 + b"5") + b"abcde",
    "a length with thousands of zeros, and an upgrade": head(
        b"Connection: upgrade", b"Upgrade: h2c", b"Content-Length: " + b"0" * 5000 + b"5"
    )
    + b"abcde",
    "a length beyond 64 bits": head(b"Content-Length: 99999999999999999999"),
    "chunked twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunked, then not": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity") + b"0\r\n\r\n",
    "something, then chunked": head(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "compressed and chunked": head(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "a comma before chunked": head(b"Transfer-Encoding: ,chunked") + b"0\r\n\r\n",
    "nearly chunked": head(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "chunked behind a vertical tab": head(b"Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n",
    "an empty encoding": head(b"Transfer-Encoding: ", b"Content-Length: 1") + b"a",
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": head(b"X: a", b" b"),
    "a folded length": head(b"Content-Length:", b" 1") + b"a",
    "a space before the first header": b"POST / HTTP/1.1\r\n Host: a\r\n\r\n",
    "bare line feeds": b"POST / HTTP/1.1\nHost: a\n\n",
    "one bare line feed": b"POST / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n",
    "a bare carriage return": head(b"X: a\rContent-Length: 1"),
    "a space before the colon": head(b"Content-Length : 1") + b"a",
    "a tab before the colon": head(b"Content-Length\t: 1") + b"a",
    "a space in a name": head(b"X Y: a"),
    "no name": head(b": a"),
    "no colon": head(b"X"),
    "NUL in a value": head(b"X: a\x00b"),
    "NUL in a name": head(b"X\x00: a"),
    "NUL in the path": b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a control character": head(b"X: a\x01b"),
    "an odd chunk size": CHUNKED + b"zz\r\na\r\n0\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
    "a huge chunk size": CHUNKED + b"fffffffffffffffff\r\na\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    "chunks ended by line feeds": CHUNKED + b"1\na\n0\n\n",
    "a space after a chunk size": CHUNKED + b"1 \r\na\r\n0\r\n\r\n",
    "a line feed in a chunk's extension": CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n",
    "a length among the trailers": CHUNKED + b"1\r\na\r\n0\r\nContent-Length: 5\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": head(b"Host: b", method=b"GET"),
    "the same Host twice": head(b"Host: a", method=b"GET"),
    "a Host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "two Hosts in one": b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/0.9 by name": b"GET / HTTP/0.9\r\n\r\n",
    "HTTP/2 by name": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown version": b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
    "an unknown method": b"FETCH / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space before the method": b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space after the version": b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    "a path without a slash": b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel with a body": b"CONNECT http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\n",
    "an upgrade with a chunked body": head(b"Connection: Upgrade", b"Upgrade: h2c", b"Transfer-Encoding: chunked")
    + b"0\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("how", ["at once", "byte for byte", "after another"])
def test_what_could_be_read_in_two_ways_is_refused_and_nothing_after_it_read(
    server: Listening, request_bytes: bytes, how: str
) -> None:
    server.echo.seen.clear()
    data = request_bytes + SECOND
    with server.wire() as wire:
        if how == "after another":
            assert wire.get("/first").status == 200
        with contextlib.suppress(OSError):  # it may have closed before all is sent, as it should
            for piece in [data] if how != "byte for byte" else (data[i : i + 1] for i in range(len(data))):
                wire.send(piece)
        answer = wire.answer()
        assert wire.rest() == b""
    assert answer.status == 400
    assert answer.headers["connection"] == "close"
    assert "GET /second" not in server.echo.seen


def test_a_refusal_is_a_problem_document_and_counted(server: Listening) -> None:
    server.refused.clear()
    with server.wire() as wire:
        wire.send(head(b"X : a"))
        refused(wire.answer(), 400)
    (error,) = server.refused
    assert error.status == 400


SOUND = {
    "a body": (head(b"Content-Length: 1") + b"a", "a"),
    "chunks": (CHUNKED + b"1\r\na\r\n2;extension=1\r\nbc\r\n0\r\n\r\n", "abc"),
    "CHUNKED": (head(b"Transfer-Encoding: CHUNKED") + b"0\r\n\r\n", ""),
    "an empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", ""),
    "a Host with a port": (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ""),
    "a whole URL": (b"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    "line ends before it": (b"\r\n\r\n" + head(method=b"GET"), ""),
    "an upgrade that is not to be had": (head(b"Connection: Upgrade", b"Upgrade: h2c", method=b"GET"), ""),
    "an upgrade with a body": (head(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 3") + b"abc", "abc"),
}


@pytest.mark.parametrize(("request_bytes", "body"), SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("pieces", ["at once", "byte for byte"])
def test_what_is_sound_is_answered_and_the_next_request_too(
    server: Listening, request_bytes: bytes, body: str, pieces: str
) -> None:
    data = request_bytes + SECOND
    with server.wire() as wire:
        for piece in [data] if pieces == "at once" else (data[i : i + 1] for i in range(len(data))):
            wire.send(piece)
        first = wire.answer()
        assert (first.status, first.json()["body"]) == (200, body)
        assert wire.answer().json()["path"] == "/second"


def test_trailers_do_not_become_headers(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(CHUNKED + b"1\r\na\r\n0\r\nX-Api-Key: stolen\r\n\r\n")
        assert wire.answer().json()["names"] == ["host", "transfer-encoding"]


def test_an_answer_without_reading_the_body_leaves_the_next_request_whole(server: Listening) -> None:
    body = SECOND * 10_000
    with server.wire() as wire:
        wire.send(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert wire.answer().json() == "not read"
        wire.send(body)
        assert wire.get("/third").json()["path"] == "/third"


def test_pipelined_requests_are_answered_in_order(start: Callable[..., Listening]) -> None:
    server = start()
    with server.wire() as wire:
        wire.send(head(method=b"GET").replace(b" / ", b" /slow "))
        wire.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(20)))
        assert server.echo.begun.wait(SECONDS)
        server.echo.going.set()
        paths = [wire.answer().json()["path"] for _ in range(21)]
    assert paths == ["/slow", *(f"/{number}" for number in range(20))]


def test_requests_ahead_of_their_answers_are_not_read_without_end(start: Callable[..., Listening]) -> None:
    """Each takes memory here, and hardly any there."""
    server = start()
    with server.wire() as wire:
        wire.send(HELD)
        assert server.echo.begun.wait(SECONDS)
        wire.send(SECOND * 5_000)
        server.echo.going.set()
        assert [wire.answer().json()["path"] for _ in range(1 + AHEAD)] == ["/slow", *["/second"] * AHEAD]
        refused(wire.answer(), 503)
        assert wire.rest() == b""
    assert len(server.echo.seen) == 1 + AHEAD


def test_nothing_is_read_on_while_requests_wait(start: Callable[..., Listening]) -> None:
    """So whoever sends many after another, and is slowed down by that, is not one who sends too many."""
    server = start()
    with server.wire() as wire:
        wire.send(HELD + SECOND * (AHEAD - 1))
        assert server.echo.begun.wait(SECONDS)
        wire.send(SECOND * (AHEAD - 1))
        server.echo.going.set()
        paths = [wire.answer().json()["path"] for _ in range(2 * AHEAD - 1)]
    assert paths == ["/slow", *["/second"] * (2 * AHEAD - 2)]


@pytest.mark.parametrize("behind", [b"", SECOND], ids=["alone", "with another behind"])
def test_whoever_asked_and_sends_no_more_reads_the_answers(start: Callable[..., Listening], behind: bytes) -> None:
    server = start()
    with server.wire() as wire:
        wire.send(HELD + behind)
        assert server.echo.begun.wait(SECONDS)
        wire.socket.shutdown(socket.SHUT_WR)
        server.echo.going.set()
        assert wire.answer().json()["path"] == "/slow"
        if behind:
            assert wire.answer().json()["path"] == "/second"
        assert wire.rest() == b""


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [(HELD + b"GET /2 HTTP/1.1\r\n\r\n", [200, 400]), (CHUNKED.replace(b" / ", b" /slow ") + b"nonsense\r\n", [400])],
    ids=["behind", "inside"],
)
def test_whoever_sends_no_more_reads_what_was_wrong(
    start: Callable[..., Listening], sent: bytes, statuses: list[int]
) -> None:
    server = start()
    with server.wire() as wire:
        wire.send(sent)
        assert server.echo.begun.wait(SECONDS)
        wire.socket.shutdown(socket.SHUT_WR)
        server.echo.going.set()
        assert [wire.answer().status for _ in statuses] == statuses
        assert wire.rest() == b""


@pytest.mark.parametrize(
    "sent", [b"", SECOND[:-2], head(b"Content-Length: 5") + b"abc"], ids=["nothing", "head", "body"]
)
def test_who_sends_no_more_of_a_request_is_let_go(server: Listening, sent: bytes) -> None:
    with server.wire() as wire:
        wire.send(sent)
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.rest() == b""


def test_a_pipelined_request_begins_without_the_context_of_the_one_before(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(SECOND + SECOND)
        assert [wire.answer().json()["context"] for _ in range(2)] == [None, None]


def test_a_malformed_request_behind_good_ones_is_answered_after_them(start: Callable[..., Listening]) -> None:
    server = start()
    with server.wire() as wire:
        wire.send(
            b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n" + SECOND
        )
        assert server.echo.begun.wait(SECONDS)
        server.echo.going.set()
        assert [wire.answer().json()["path"] for _ in range(2)] == ["/slow", "/1"]
        refused(wire.answer(), 400)
        assert wire.rest() == b""


def test_nothing_is_answered_after_the_last_answer(server: Listening) -> None:
    server.echo.seen.clear()
    with server.wire() as wire:
        wire.send(head(b"Connection: close", method=b"GET") + SECOND)
        assert wire.answer().headers["connection"] == "close"
        assert wire.rest() == b""
    assert server.echo.seen == ["GET /"]


@pytest.mark.parametrize("length", [4096, 400_000])
@pytest.mark.parametrize("before", [b"", SECOND], ids=["alone", "behind another"])
def test_a_head_that_is_too_large(start: Callable[..., Listening], length: int, before: bytes) -> None:
    server = start(max_head_bytes=2048)
    with server.wire() as wire:
        wire.send(before + b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(OSError):  # it has closed, as it should
            wire.send(b"X: " + b"x" * length + b"\r\n\r\n" + SECOND)
        if before:
            assert wire.answer().json()["path"] == "/second"
        refused(wire.answer(), 431)
        assert wire.rest() == b""


def test_a_head_that_is_too_large_in_all_though_no_part_of_it_is(start: Callable[..., Listening]) -> None:
    server = start(max_head_bytes=2048)
    with server.wire() as wire, server.wire() as other:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1500)
        assert other.get("/").status == 200  # by now the first part was read
        wire.send(b"x" * 1500 + b"\r\n\r\n")
        refused(wire.answer(), 431)


@pytest.mark.parametrize(
    "endless",
    [b"GET /" + b"a" * 4096, head()[:-2] + b"X" * 4096, head()[:-2] + b"X: a\r\n" * 1000],
    ids=["path", "name", "many"],
)
def test_a_head_that_does_not_end(start: Callable[..., Listening], endless: bytes) -> None:
    with start(max_head_bytes=2048).wire() as wire:
        wire.send(endless)
        refused(wire.answer(), 431)


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"1;", b"a" * 512), (b"1\r\na\r\n0\r\n", b"X: a\r\n" * 64), (b"1\r\na\r\n0\r\nX: ", b"a" * 512)],
    ids=["extension", "trailers", "trailer"],
)
def test_framing_that_does_not_end(start: Callable[..., Listening], begin: bytes, more: bytes) -> None:
    with start(max_head_bytes=2048).wire() as wire:
        wire.send(CHUNKED + begin)
        while not wire.readable():
            wire.send(more)
        assert wire.answer().status == 431


def test_a_body_may_be_larger_than_a_head(start: Callable[..., Listening]) -> None:
    with start(max_head_bytes=2048).wire() as wire:
        wire.send(head(b"Content-Length: 400000") + b"a" * 400_000)
        assert len(wire.answer().json()["body"]) == 400_000
        assert wire.get("/next").status == 200


SLOW = {
    "half a request line": b"GET /",
    "half a head": head()[:-2],
    "half a body": head(b"Content-Length: 2") + b"a",
    "half a chunk": CHUNKED + b"2\r\na",
    "no last chunk": CHUNKED + b"1\r\na\r\n",
    "half of a second request": SECOND + head()[:-2],
}


@pytest.mark.parametrize("part", SLOW.values(), ids=SLOW)
def test_a_request_that_does_not_arrive_whole(start: Callable[..., Listening], part: bytes) -> None:
    server = start(receive_seconds=0.2)
    with server.wire() as wire:
        wire.send(part)
        if part.startswith(SECOND):
            assert wire.answer().status == 200
        answer = wire.answer()
        assert answer.status == 408
        assert answer.headers["connection"] == "close"
        assert "0.2 seconds" in answer.json()["detail"]
        assert wire.rest() == b""


def test_a_request_that_trickles_in_is_late_however_often_something_comes(start: Callable[..., Listening]) -> None:
    server = start(receive_seconds=0.5)
    ended = threading.Event()
    with server.wire() as wire:

        def trickle() -> None:
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
            while not ended.wait(0.02):
                try:
                    wire.send(b"a")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            refused(wire.answer(), 408)
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize("sent", [b"", b"\r\n"], ids=["nothing", "a line end"])
def test_a_connection_without_a_request_is_closed(start: Callable[..., Listening], sent: bytes) -> None:
    with start(receive_seconds=0.2).wire() as wire:
        wire.send(sent)
        assert wire.rest() == b""


def test_an_idle_connection_is_closed(start: Callable[..., Listening]) -> None:
    with start(keep_alive_seconds=0.2, receive_seconds=0.2).wire() as wire:
        assert wire.get("/").status == 200
        assert wire.rest() == b""


def test_a_client_that_was_answered_early_and_sends_no_more_is_let_go(start: Callable[..., Listening]) -> None:
    with start(receive_seconds=0.2).wire() as wire:
        wire.send(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na")
        assert wire.answer().status == 200
        assert wire.rest() == b""


def test_an_answer_that_takes_long_is_waited_for(start: Callable[..., Listening]) -> None:
    server = start(receive_seconds=0.1, keep_alive_seconds=0.1)
    with server.wire() as quick, server.wire() as slow:
        slow.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert server.echo.begun.wait(SECONDS)
        assert quick.rest() == b""  # swept many times by now
        server.echo.going.set()
        assert slow.answer().status == 200


def test_a_client_that_does_not_read_is_let_go(start: Callable[..., Listening]) -> None:
    server = start(receive_seconds=0.2)
    body = b"a" * 20_000_000
    with server.wire() as wire:
        wire.send(head(b"Content-Length: %d" % len(body)) + body)
        until(lambda: server.server.server_state.total_requests == 1)
        until(lambda: not server.server.server_state.connections)


def test_expect_continue(server: Listening) -> None:
    with server.wire() as wire:
        wire.send(head(b"Content-Length: 1", b"Expect: 100-continue"))
        assert wire.answer().status == 100
        wire.send(b"a")
        assert wire.answer().json()["body"] == "a"


def test_who_was_answered_before_the_body_that_was_to_be_asked_for_is_let_go(server: Listening) -> None:
    """Whether a body follows is then not known: what comes next could be the one or a request."""
    with server.wire() as wire:
        wire.send(head(b"Content-Length: 31", b"Expect: 100-continue").replace(b" / ", b" /refuse "))
        answer = wire.answer()
        assert (answer.json(), answer.headers["connection"]) == ("not read", "close")
        assert wire.rest() == b""


def test_the_answer_that_is_being_made_when_it_begins_to_drain_is_its_connections_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with listening(drain_seconds=2) as server, server.wire() as wire:
        wire.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert server.echo.begun.wait(SECONDS)
        server.lifecycle.draining = True
        until(lambda: "draining" in caplog.text)
        server.echo.going.set()
        assert wire.answer().headers["connection"] == "close"
        assert wire.rest() == b""


class Leaving(Echo):
    """Ends all connections in the turn in which it has answered."""

    ended: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        if scope["type"] == "http":
            self.ended()


def test_an_answer_is_not_lost_when_its_connection_is_ended_in_the_same_turn() -> None:
    app = Leaving()
    with listening(app=app) as server, server.wire() as wire:
        app.ended = lambda: [connection.shutdown() for connection in server.server._connections()]  # type: ignore[assignment]
        wire.send(SECOND)
        assert wire.answer().status == 200
        assert wire.rest() == b""


class Counting(Echo):
    """Holds the event loop up while it answers ``/hold``; then counts its turns, and answers in which it is asked."""

    turn = 0

    async def _say(self, scope: Scope, receive: Receive) -> int:
        if scope["path"] == "/hold":
            self.begun.set()
            self.going.wait(SECONDS)
            self._count(asyncio.get_running_loop())
        return self.turn

    def _count(self, loop: asyncio.AbstractEventLoop) -> None:
        self.turn += 1
        loop.call_soon(self._count, loop)


def test_who_comes_new_does_not_wait_a_turn_for_each_who_came_before() -> None:
    app = Counting()
    with listening(app=app) as server, ExitStack() as stack:
        stack.enter_context(server.wire()).send(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        assert app.begun.wait(SECONDS)
        wires = [stack.enter_context(server.wire()) for _ in range(6 * ACCEPTED)]
        for wire in wires:
            wire.send(SECOND)
        app.going.set()
        turns = [wire.answer().json() for wire in wires]
    assert max(turns) < 2 * ACCEPTED


def test_connections_over_the_limit_are_refused_until_others_end(start: Callable[..., Listening]) -> None:
    server = start(max_connections=2)
    with server.wire() as one, server.wire() as two:
        assert [wire.get("/").status for wire in (one, two)] == [200, 200]
        with server.wire() as third:
            answer = third.get("/")
            refused(answer, 503)
            assert answer.headers["retry-after"] == "1"
            assert third.rest() == b""
        assert [wire.get("/").status for wire in (one, two)] == [200, 200]
    until(lambda: _admitted(server))


def _admitted(server: Listening) -> bool:
    with server.wire() as wire:
        return wire.get("/").status == 200
