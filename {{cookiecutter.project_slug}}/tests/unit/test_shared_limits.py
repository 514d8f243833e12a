"""Limits that several processes share by way of a real Redis, which comes and goes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from redis_server import RedisServer, running
from service.errors import RateLimited
from service.limits import Limits, LocalLimiter, Rate, SharedLimiter
from service.limits.redis_store import RedisStore
from service.metrics import Metrics
from service.remote import Policy, Remote

PATIENT = Policy(timeout=10, retries=0, failures=2, reset=0.05)
HASTY = Policy(timeout=1, retries=0, failures=2, reset=0.05)
DAILY = Rate(10, 86_400)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path) as started:
        yield started


class Party:
    """One of the processes that share a limit."""

    def __init__(self, url: str, rate: Rate = DAILY, quota: Rate | None = None, policy: Policy = PATIENT) -> None:
        self.metrics = Metrics()
        remote = Remote("redis", policy, self.metrics)
        self.limiter = SharedLimiter(url, remote, LocalLimiter(), self.metrics, pause=0.02)
        self.limits = Limits(self.limiter, self.metrics, rate, quota)

    async def left(self, principal: str = "ann", cost: int = 1) -> int:
        """How many calls are left of the rate after one call; -1 when it is refused."""
        try:
            headers = dict(await self.limits.check(principal, "/v1/predict", cost))
        except RateLimited:
            return -1
        return int(headers[b"ratelimit"].split(b";")[1].removeprefix(b"r="))

    async def all_left(self, calls: int) -> list[int]:
        return await asyncio.gather(*(self.left() for _ in range(calls)))

    @property
    def degraded(self) -> bool:
        return self.metrics.registry.get_sample_value("rate_limit_degraded") == 1


@asynccontextmanager
async def parties(*made: Party) -> AsyncIterator[tuple[Party, ...]]:
    try:
        yield made
    finally:
        for party in made:
            await party.limiter.close()


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def test_two_processes_share_a_limit(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url), Party(server.url)) as (one, two):
            assert [await party.left() for party in (one, two) * 6] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -1]
            assert await two.left("bob") == 9
            assert not one.degraded

    asyncio.run(run())


def test_processes_with_other_prefixes_share_nothing(server: RedisServer) -> None:
    async def run() -> None:
        one, two = Party(server.url), Party(server.url)
        two.limiter = SharedLimiter(
            server.url, Remote("redis", PATIENT, two.metrics), LocalLimiter(), two.metrics, prefix="other"
        )
        two.limits = Limits(two.limiter, two.metrics, DAILY)
        async with parties(one, two):
            assert [await party.left() for party in (one, two)] == [9, 9]

    asyncio.run(run())


def test_a_call_that_one_limit_refuses_uses_up_none(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, DAILY, Rate(2, 86_400))) as (one,):
            assert await one.all_left(8) == [8, 8, -1, -1, -1, -1, -1, -1]
        async with parties(Party(server.url)) as (without_quota,):
            assert await without_quota.left() == 7

    asyncio.run(run())


def test_a_refusal_says_when_to_come_back(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, Rate(2, 7200))) as (one,):
            await one.all_left(2)
            with pytest.raises(RateLimited, match="the rate is used up") as caught:
                await one.limits.check("ann", "/v1/predict")
            assert caught.value.headers["Retry-After"] in {"3599", "3600"}

    asyncio.run(run())


def test_a_call_that_can_never_pass_is_refused_and_harms_no_other(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url)) as (one,):
            assert [await one.left(cost=11), await one.left(), one.degraded] == [-1, 9, False]

    asyncio.run(run())


def test_what_is_used_up_is_restored(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, Rate(50, 1, burst=1))) as (one,):
            began = time.monotonic()
            passed = 0
            while passed < 5:
                passed += await one.left() == 0
            assert time.monotonic() - began >= 4 / 50

    asyncio.run(run())


def test_calls_of_one_moment_share_a_round_trip(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, Rate(40, 86_400))) as (one,):
            await one.left("bob")  # Redis knows the script now
            before = server.calls("evalsha")
            assert await one.all_left(64) == [0] * 40 + [-1] * 24
            assert server.calls("evalsha") - before == 1

    asyncio.run(run())


def test_a_costly_call_that_does_not_fit_leaves_room_for_a_cheap_one(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url)) as (one,):
            assert list(await asyncio.gather(one.left(cost=7), one.left(cost=7), one.left(cost=3))) == [3, -1, 0]

    asyncio.run(run())


def test_a_caller_that_gives_up_harms_no_other(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url)) as (one,):
            calls = [asyncio.create_task(one.left()) for _ in range(3)]
            await asyncio.sleep(0)  # all three wait
            calls[1].cancel()
            assert [await calls[0], await calls[2]] == [7, 7]
            assert calls[1].cancelled()
            assert await one.left() == 6

    asyncio.run(run())


def test_each_limits_by_itself_while_redis_is_away_and_shares_again_afterwards(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url), Party(server.url)) as (one, two):
            assert [await one.left(), await two.left()] == [9, 8]
            server.stop()
            assert await one.all_left(12) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -1]
            assert await two.left() == 9
            assert one.degraded
            assert two.degraded
            server.start()
            await until(lambda: not one.degraded and not two.degraded)
            assert [await one.left(), await two.left()] == [9, 8]

    asyncio.run(run())


def test_redis_that_was_never_there_is_found_when_it_comes(server: RedisServer) -> None:
    async def run() -> None:
        server.stop()
        async with parties(Party(server.url), Party(server.url)) as (one, two):
            assert [await one.left(), await two.left()] == [9, 9]
            server.start()
            await until(lambda: not one.degraded and not two.degraded)
            assert [await one.left(), await two.left()] == [9, 8]

    asyncio.run(run())


def test_a_redis_that_hangs_holds_up_nobody_and_its_late_answers_are_not_mistaken(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, policy=HASTY)) as (one,):
            await one.left("carl")
            server.freeze()
            assert await one.all_left(3) == [9, 8, 7]
            assert one.degraded
            with pytest.raises(StopIteration):
                one.limits.check("ann", "/v1/predict").send(None)  # answered without waiting for anything
            server.thaw()
            await until(lambda: not one.degraded)
            assert [await one.left("bob") for _ in range(4)] == [9, 8, 7, 6]

    asyncio.run(run())


def test_a_redis_that_answers_but_cannot_count_is_as_good_as_away(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url)) as (one,):
            assert await one.left() == 9
            server.client.replicaof("127.0.0.1", 1)  # a read-only replica
            assert [await one.left() for _ in range(3)] == [9, 8, 7]
            probed = server.calls("evalsha")
            await until(lambda: server.calls("evalsha") > probed + 2)
            assert one.degraded
            server.client.replicaof("NO", "ONE")
            await until(lambda: not one.degraded)
            assert await one.left() == 8

    asyncio.run(run())


def test_calls_that_wait_are_answered_when_the_service_stops(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url)) as (one,):
            await one.left("bob")
            server.freeze()
            calls = [asyncio.create_task(one.left()) for _ in range(3)]
            for _ in range(3):
                await asyncio.sleep(0)  # they are on their way
            later = asyncio.create_task(one.left())
            await asyncio.sleep(0)
            await one.limiter.close()
            assert await asyncio.gather(*calls, later) == [9, 8, 7, 6]

    asyncio.run(run())


def test_redis_keeps_nothing_for_longer_than_it_matters(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, Rate(100, 1), Rate(10, 20))) as (one,):
            await one.all_left(10)
            keys: Any = server.client.keys()
            assert len(keys) == 2
            assert all(0 < server.client.pttl(key) <= 20_000 for key in keys)
            await until(lambda: len(server.client.keys()) == 1)

    asyncio.run(run())


def test_nobody_is_locked_out_when_the_clock_of_redis_is_set_back(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, Rate(10, 1))) as (one,):
            await one.left()
            [key] = server.client.keys()
            server.client.set(key, int((time.time() + 86_400) * 1e6), ex=86_400)
            with pytest.raises(RateLimited) as caught:
                await one.limits.check("ann", "/v1/predict")
            assert caught.value.headers["Retry-After"] == "1"
            await restored(server, key, 1_000)
            assert await one.left() == 9

    asyncio.run(run())


def test_a_limit_that_was_changed_keeps_nobody_out_for_longer_than_it_takes_to_restore(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, Rate(1000, 1), DAILY)) as (before,):
            await before.all_left(10)
        async with parties(Party(server.url, Rate(1000, 1), Rate(10, 1))) as (after,):
            [quota] = server.client.keys("*quota")
            with pytest.raises(RateLimited, match="the quota is used up") as caught:
                await after.limits.check("ann", "/v1/predict")
            assert caught.value.headers["Retry-After"] == "1"
            await restored(server, quota, 1_000)
            assert await after.all_left(11) == [990] * 10 + [-1]
            assert not after.degraded

    asyncio.run(run())


def test_a_change_of_a_limit_forgives_no_more_than_it_has_to(server: RedisServer) -> None:
    async def run() -> None:
        async with parties(Party(server.url, DAILY)) as (before,):
            await before.all_left(10)
        async with parties(Party(server.url, Rate(5, 43_200))) as (after,):
            assert await after.all_left(8) == [-1] * 8
            with pytest.raises(RateLimited) as caught:
                await after.limits.check("ann", "/v1/predict")
            assert 8600 < int(caught.value.headers["Retry-After"]) <= 8640
        async with parties(Party(server.url, DAILY)) as (again,):
            assert await again.left() == 4

    asyncio.run(run())


async def restored(server: RedisServer, key: bytes, full: int) -> None:
    """Wait until Redis forgets what was used of a limit, for which it must take no more than ``full`` milliseconds."""
    assert server.client.pttl(key) <= full
    await until(lambda: not server.client.exists(key))


def test_the_password_is_not_logged(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        server.client.config_set("requirepass", "the right one")
        url = server.url.replace("//", "//:hunter2@")
        async with parties(Party(url)) as (one,):
            assert await one.left() == 9
            assert one.degraded

    with caplog.at_level(logging.DEBUG):
        asyncio.run(run())
    assert "each process limits by itself" in caplog.text
    assert "hunter2" not in caplog.text + repr([vars(record) for record in caplog.records])


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://h", "redis://:hun/ter2@h:6379", "redis://h/?db=hunter2"])
def test_a_wrong_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="write redis://HOST:6379") as caught:
        RedisStore(url, "limits")
    assert "ter2" not in str(caught.value)
    assert caught.value.__suppress_context__
