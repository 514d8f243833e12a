"""What the service does when a party that it depends on is slow, flaky or away."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal

import pytest

from service.errors import RemoteUnavailable
from service.metrics import Metrics
from service.remote import Policy, Remote

QUICK = Policy(timeout=5, retries=2, backoff=0.001, failures=3, reset=10, budget=1)


class Party:
    """Another party on a real socket: answers ``yes``, breaks off, or hangs; counts who calls."""

    def __init__(self) -> None:
        self.does: Literal["answer", "break", "hang"] = "answer"
        self.flaky = 0
        self.calls = 0
        self.called = asyncio.Event()
        self.port = 0

    async def attempt(self) -> bytes:
        """One call of it, as a client makes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            return await reader.readexactly(3)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self.called.set()
        if self.does == "hang":
            await reader.read()  # until the caller has had enough
        elif self.does == "answer" and not self.flaky:
            writer.write(b"yes")
        self.flaky = max(0, self.flaky - 1)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A party, and the service's side of it."""

    def __init__(self, party: Party, policy: Policy) -> None:
        self.party = party
        self.clock = Clock()
        self.metrics = Metrics()
        self.remote = Remote("party", policy, self.metrics, self.clock)

    async def call(self) -> bytes:
        return await self.remote.call(self.party.attempt)

    async def fail(self, times: int = 1) -> RemoteUnavailable:
        """Call in vain."""
        for _ in range(times):
            with pytest.raises(RemoteUnavailable) as caught:
                await self.call()
        return caught.value

    def count(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, {"remote": "party", **labels})

    @property
    def breaker(self) -> float | None:
        return self.count("remote_breaker_open")


@asynccontextmanager
async def scene(policy: Policy) -> AsyncIterator[Scene]:
    party = Party()
    async with await asyncio.start_server(party.serve, "127.0.0.1", 0) as server:
        party.port = server.sockets[0].getsockname()[1]
        yield Scene(party, policy)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)


def play(story: Callable[[Scene], Awaitable[None]], policy: Policy = QUICK) -> None:
    """Run a story about a party in an event loop of its own."""

    async def whole() -> None:
        async with scene(policy) as found:
            await story(found)

    asyncio.run(whole())


def test_an_answer_is_passed_on_and_counted() -> None:
    async def story(on: Scene) -> None:
        assert await on.call() == b"yes"
        assert on.remote.available
        assert on.count("remote_calls_total", outcome="ok") == 1
        assert on.count("remote_retries_total") == 0
        assert on.breaker == 0

    play(story)


def test_attempts_are_spread_over_a_growing_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full jitter: else all that failed together would try again together."""
    spans: list[tuple[float, float]] = []

    def chance(low: float, high: float) -> float:
        spans.append((low, high))
        return low

    async def story(on: Scene) -> None:
        on.party.flaky = 2
        assert await on.call() == b"yes"

    monkeypatch.setattr(random, "uniform", chance)
    play(story, Policy(timeout=5, retries=2, backoff=50))
    assert spans == [(0, 50), (0, 100)]


def test_one_broken_connection_is_tried_again() -> None:
    async def story(on: Scene) -> None:
        on.party.flaky = 1
        assert await on.call() == b"yes"
        assert on.party.calls == 2
        assert on.count("remote_calls_total", outcome="ok") == 1
        assert on.count("remote_retries_total") == 1

    play(story)


def test_when_nobody_listens_the_last_failure_is_chained_and_no_address_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = listener.getsockname()[1]

    async def story(on: Scene) -> None:
        on.party.port = nobody
        error = await on.fail()
        assert isinstance(error.__cause__, ConnectionRefusedError)
        assert "127.0.0.1" not in error.detail
        assert "party does not answer" in error.detail
        assert on.count("remote_calls_total", outcome="error") == 1
        assert on.count("remote_retries_total") == QUICK.retries

    play(story)


def test_a_party_that_hangs_is_given_up() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "hang"
        error = await on.fail()
        assert isinstance(error.__cause__, TimeoutError)
        assert on.party.calls == 2
        assert on.count("remote_calls_total", outcome="timeout") == 1

    play(story, Policy(timeout=0.05, retries=1, backoff=0.001))


def test_an_open_breaker_spares_the_party_until_one_trial_is_due() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "break"
        await on.fail(QUICK.failures)
        assert not on.remote.available
        assert on.breaker == 1
        before = on.party.calls
        on.clock.now += QUICK.reset - 2.5
        error = await on.fail()
        assert error.headers == {"Retry-After": "3"}
        assert on.party.calls == before
        assert on.count("remote_calls_total", outcome="refused") == 1
        on.clock.now += 2.5
        assert on.remote.available
        on.party.does = "answer"
        assert await on.call() == b"yes"
        assert on.breaker == 0

    play(story)


def test_failures_count_only_in_a_row() -> None:
    async def story(on: Scene) -> None:
        for _ in range(3):
            on.party.does = "break"
            await on.fail(QUICK.failures - 1)
            on.party.does = "answer"
            await on.call()
        assert on.remote.available

    play(story)


def test_during_the_trial_everybody_else_is_refused() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "break"
        await on.fail(QUICK.failures)
        on.clock.now += QUICK.reset
        on.party.does = "hang"
        on.party.called.clear()
        before = on.party.calls
        trial = asyncio.create_task(on.call())
        await on.party.called.wait()
        assert on.breaker == 0.5
        assert not on.remote.available
        await on.fail(3)
        assert on.party.calls == before + 1
        trial.cancel()

    play(story)


def test_a_failed_trial_is_a_single_attempt_and_opens_the_breaker_anew() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "break"
        await on.fail(QUICK.failures)
        on.clock.now += QUICK.reset
        before = on.party.calls
        await on.fail()
        assert on.party.calls == before + 1
        assert not on.remote.available
        on.clock.now += QUICK.reset
        assert on.remote.available

    play(story)


def test_a_cancelled_trial_leaves_the_next_one_free() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "break"
        await on.fail(QUICK.failures)
        on.clock.now += QUICK.reset
        on.party.does = "hang"
        on.party.called.clear()
        trial = asyncio.create_task(on.call())
        await on.party.called.wait()
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        assert on.breaker == 1
        assert on.remote.available
        on.party.does = "answer"
        assert await on.call() == b"yes"
        assert on.breaker == 0

    play(story)


def test_callers_who_give_up_say_nothing_about_the_party() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "hang"
        for _ in range(QUICK.failures + 1):
            on.party.called.clear()
            call = asyncio.create_task(on.call())
            await on.party.called.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert on.remote.available

    play(story)


def test_the_late_end_of_an_earlier_call_does_not_move_an_open_breaker() -> None:
    async def story(on: Scene) -> None:
        ends: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        early = asyncio.create_task(on.remote.call(lambda: ends))
        await asyncio.sleep(0)
        on.party.does = "break"
        await on.fail(QUICK.failures)
        ends.set_result(b"late")
        assert await early == b"late"
        assert not on.remote.available

    play(story)


def test_a_call_on_its_way_stops_trying_once_the_breaker_opens() -> None:
    async def story(on: Scene) -> None:
        attempts: list[asyncio.Future[bytes]] = []

        def attempt() -> asyncio.Future[bytes]:
            attempts.append(asyncio.get_running_loop().create_future())
            return attempts[-1]

        early = asyncio.create_task(on.remote.call(attempt))
        await asyncio.sleep(0)
        on.party.does = "break"
        await on.fail(QUICK.failures)
        attempts[0].set_exception(ConnectionResetError())
        with pytest.raises(RemoteUnavailable):
            await early
        assert len(attempts) == 1

    play(story)


def test_retries_stay_within_their_share_of_the_calls() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "break"
        await on.fail(100)
        assert on.count("remote_retries_total") == 37  # 12.5 that fifty calls had saved up, and a quarter of 99
        assert on.party.calls == 137
        on.party.does = "answer"
        for _ in range(200):
            await on.call()
        on.party.does = "break"
        await on.fail(20)
        assert on.count("remote_retries_total") == 37 + 17  # 12.5 and a quarter of 19: no more was saved up

    play(story, Policy(retries=2, backoff=0, failures=10_000, budget=0.25))


def test_without_a_budget_nothing_is_tried_again() -> None:
    async def story(on: Scene) -> None:
        on.party.does = "break"
        await on.fail()
        assert on.party.calls == 1

    play(story, Policy(retries=2, budget=0))
