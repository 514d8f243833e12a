"""Large bodies are decoded one at a time, and only while their answers can be in time."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from service.call import Call
from service.decoding import LARGE, Decoding
from service.errors import DeadlineExceeded, Overloaded

SMALL_BODY, LARGE_BODY = b"x" * (LARGE - 1), b"x" * LARGE


class Reader:
    """Reads bodies in threads that wait until they may go on.

    Attributes:
        most: how many were read at the same time.
        read: how many were read.
        going: lets them go on.
    """

    def __init__(self) -> None:
        self.most = self.read = self._now = 0
        self.going, self.begun = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def __call__(self, body: bytes) -> int:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.begun.set()
        assert self.going.wait(10)
        with self._lock:
            self._now -= 1
            self.read += 1
        return len(body)


def test_a_small_body_is_decoded_where_it_is() -> None:
    async def go() -> tuple[Call, int]:
        call = Call()
        return call, await Decoding(5.0).run(call, SMALL_BODY, lambda _: threading.get_ident())

    call, thread = asyncio.run(go())
    assert thread == threading.get_ident()
    assert call.size == len(SMALL_BODY)
    assert time.perf_counter() < call.deadline <= time.perf_counter() + 5.0


def test_large_bodies_are_decoded_one_at_a_time_and_the_loop_goes_on() -> None:
    async def go() -> Reader:
        subject, reader = Decoding(1000.0), Reader()
        asked = [asyncio.create_task(subject.run(Call(), LARGE_BODY, reader)) for _ in range(8)]
        await asyncio.to_thread(reader.begun.wait, 10)
        reader.going.set()
        assert await asyncio.gather(*asked) == [LARGE] * 8
        return reader

    reader = asyncio.run(go())
    assert (reader.most, reader.read) == (1, 8)


def test_whose_deadline_passes_meanwhile_is_not_decoded() -> None:
    async def go() -> Reader:
        subject, reader = Decoding(1000.0), Reader()
        first, hurried = Call(), Call()
        asked = [asyncio.create_task(subject.run(call, LARGE_BODY, reader)) for call in (first, hurried)]
        await asyncio.to_thread(reader.begun.wait, 10)
        hurried.deadline = 0.0
        reader.going.set()
        assert await asked[0] == LARGE
        with pytest.raises(DeadlineExceeded):
            await asked[1]
        return reader

    assert asyncio.run(go()).read == 1


def test_what_cannot_be_decoded_in_time_is_refused_at_once() -> None:
    async def go() -> Reader:
        subject, reader = Decoding(1000.0), Reader()
        with pytest.raises(Overloaded) as refused:
            await subject.run(Call(deadline=time.perf_counter()), LARGE_BODY, reader)
        assert refused.value.reason == "deadline"
        return reader

    assert asyncio.run(go()).read == 0


def test_after_a_pause_bodies_are_decoded_again() -> None:
    """The machine stood still once while a body was decoded: that tells nothing of the next."""

    async def go() -> None:
        subject = Decoding(1.0)
        await subject.run(Call(), LARGE_BODY, lambda body: time.sleep(0.5))
        assert await subject.run(Call(), LARGE_BODY * 40, len) == LARGE * 40

    asyncio.run(go())


def test_a_body_that_cannot_be_read_holds_up_nobody() -> None:
    def broken(body: bytes) -> int:
        raise ValueError("unreadable")

    async def go() -> None:
        subject = Decoding(1000.0)
        with pytest.raises(ValueError, match="unreadable"):
            await subject.run(Call(), LARGE_BODY, broken)
        assert await subject.run(Call(), LARGE_BODY, len) == LARGE

    asyncio.run(go())
