"""Whole answers leave at the end of the event loop's turn, in order, and none is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from service.http.outlet import Outbox, Outlet


class Connection:
    """Stands for a transport, on which several may write to one record."""

    def __init__(self, written: list[bytes]) -> None:
        self.written = written
        self.closing = False

    def write(self, data: bytes) -> None:
        assert not self.closing
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closing


def outlets(test: Callable[[Outlet, Outlet, list[bytes], Connection], None]) -> list[bytes]:
    """What is written when a test uses two outlets in one turn; it also sees what is written so far."""
    written: list[bytes] = []

    async def go() -> None:
        outbox = Outbox(asyncio.get_running_loop())
        connections = [Connection(written) for _ in range(2)]
        first, second = (Outlet(one, outbox, lambda: None) for one in connections)  # type: ignore[arg-type]
        test(first, second, written, connections[0])
        await asyncio.sleep(0)

    asyncio.run(go())
    return written


def test_answers_of_a_turn_leave_at_its_end_in_order() -> None:
    def answers(first: Outlet, second: Outlet, written: list[bytes], _: Connection) -> None:
        first.write_soon(b"1")
        second.write_soon(b"2")
        first.write_soon(b"3")
        assert not written

    assert outlets(answers) == [b"13", b"2"]


def test_what_is_written_now_goes_behind_what_was_to_be_written_soon() -> None:
    def answers(first: Outlet, second: Outlet, written: list[bytes], _: Connection) -> None:
        second.write_soon(b"2")
        first.write_soon(b"1")
        first.write(b"now")
        assert written == [b"1", b"now"]

    assert outlets(answers) == [b"1", b"now", b"2"]


def test_the_next_turn_has_an_end_of_its_own() -> None:
    async def go() -> list[bytes]:
        written: list[bytes] = []
        outlet = Outlet(Connection(written), Outbox(asyncio.get_running_loop()), lambda: None)  # type: ignore[arg-type]
        for text in (b"1", b"2"):
            outlet.write_soon(text)
            await asyncio.sleep(0)
        return written

    assert asyncio.run(go()) == [b"1", b"2"]


def test_a_connection_that_is_gone_keeps_no_other_waiting() -> None:
    def answers(first: Outlet, second: Outlet, written: list[bytes], connection: Connection) -> None:
        first.write_soon(b"1")
        second.write_soon(b"2")
        connection.closing = True

    assert outlets(answers) == [b"2"]
