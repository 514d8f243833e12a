"""Who is let in, in which order and how much at once; and who is turned away before it has cost anything."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from prometheus_client import Counter

from service.errors import ServiceError
from service.intake import BESIDE, TURN, Asked, Intake
from service.metrics import Metrics

COST = 0.001
"""Seconds of the event loop that each request takes here."""


@dataclass
class Loop:
    """A host whose requests take time of a clock that only they move, once they run.

    Attributes:
        now: the clock.
        begun: requests that were let in, by turns.
        away: those that were turned away, with the error.
        crowd: how many requests there can be at the same time.
        refusal: seconds that turning one away takes.
    """

    now: float = 0.0
    crowd: int = 10_000
    refusal: float = 0.0
    begun: list[list[int]] = field(default_factory=list)
    away: dict[int, ServiceError] = field(default_factory=dict)
    _due: bool = False

    def begin(self, request: int) -> None:
        loop = asyncio.get_running_loop()
        if not self._due:
            self._due = True
            self.begun.append([])
            loop.call_soon(self._end)
        self.begun[-1].append(request)
        loop.call_soon(self._run)

    def turn_away(self, request: int, error: ServiceError) -> None:
        self.away[request] = error
        self.now += self.refusal

    def clock(self) -> float:
        return self.now

    def _run(self) -> None:
        self.now += COST

    def _end(self) -> None:
        self._due = False


def no_model(name: str | None, size: int) -> float:
    return 0.0


def asked(host: Loop, patience: float = math.inf, size: int = 0) -> Asked:
    return Asked("/v1/predict", None, size, host.now, patience)


async def turns(count: int = 100) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def learnt(host: Loop, **options: object) -> Intake:
    """An intake that knows what a request costs."""
    subject = Intake(Metrics(), **{"ahead": no_model, "most_bytes": 1000, "seconds": 5.0, **options}, clock=host.clock)  # type: ignore[arg-type]
    for number in range(100):
        subject.offer(asked(host), -1 - number, host)
        await turns(5)
    host.begun.clear()
    return subject


def of(counter: Counter, **labels: str) -> float:
    return sum(
        sample.value
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and labels.items() <= sample.labels.items()
    )


def run(test: Callable[[Loop], object]) -> Loop:
    host = Loop()
    asyncio.run(test(host))  # type: ignore[arg-type]
    return host


def test_a_turn_begins_a_little_and_the_rest_follows_in_order() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host)
        for number in range(64):
            subject.offer(asked(host), number, host)
        await turns()

    host = run(go)
    assert [number for turn in host.begun for number in turn] == list(range(64))
    assert 1 < max(map(len, host.begun)) <= math.ceil(TURN / COST) + 1
    assert not host.away


def test_what_could_not_be_in_time_is_turned_away_before_it_begins() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host)
        for number in range(600):
            subject.offer(asked(host, patience=0.1), number, host)
        assert len(host.away) > 500, "at once, in the same turn"
        await turns()

    host = run(go)
    let_in = [number for turn in host.begun for number in turn]
    assert let_in
    assert let_in == sorted(let_in)
    assert not set(let_in) & set(host.away)
    assert len(let_in) + len(host.away) == 600
    error = host.away[599]
    assert (error.status, error.title, error.reason) == (503, "Overloaded", "deadline")
    assert int(error.headers["Retry-After"]) >= 1


def test_where_turning_away_saves_little_it_is_put_off_as_long_as_the_answer_may_be_in_time() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host, most_bytes=1_000_000)
        for number in range(50):
            subject.offer(asked(host), number, host)
        subject.offer(asked(host, patience=0.1), 50, host)
        subject.offer(asked(host, patience=0.1, size=1_000_000), 51, host)
        await turns()

    host = run(go)
    assert host.away.keys() == {51}
    assert 50 in [number for turn in host.begun for number in turn]


async def crowded(host: Loop, subject: Intake, requests: int, rounds: int) -> None:
    """So many requests in each of so many turns."""
    for _ in range(rounds):
        began = asked(host, patience=0.1)
        for number in range(requests):
            subject.offer(began, number, host)
        await turns(1)


def test_an_overload_ends_with_the_crowd_though_to_turn_it_away_took_most_of_the_time() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host)
        host.refusal = COST / 2
        await crowded(host, subject, 100, rounds=50)
        assert host.away
        host.away.clear()
        host.begun.clear()
        host.crowd = 70
        await crowded(host, subject, 70, rounds=1)
        await turns()

    host = run(go)
    assert not host.away
    assert sorted(number for turn in host.begun for number in turn) == list(range(70))


def test_a_crowd_that_could_not_be_answered_in_time_is_turned_away_in_part() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host)
        host.crowd = 150
        await crowded(host, subject, 150, rounds=1)

    assert 0 < len(run(go).away) < 150


def test_a_turn_that_grew_is_expected_to_take_longer_than_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.intake.HASTE", 0.0)  # the turns of this test are short

    async def go(host: Loop) -> None:
        subject = await learnt(host)
        for number in range(3):
            subject.offer(asked(host), number, host)
        await turns(1)
        subject.offer(asked(host, patience=0.01), 3, host)
        await turns()

    assert run(go).away.keys() == {3}


def test_who_waits_is_turned_away_when_its_time_has_passed() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host)
        for number in range(100):
            subject.offer(asked(host, patience=0.1), number, host)
        await turns()
        host.begun.clear()
        host.away.clear()
        for number in range(6):
            subject.offer(asked(host, patience=0.5), number, host)
        assert not host.away
        host.now += 1  # the process is held up
        await turns()

    host = run(go)
    assert [number for turn in host.begun for number in turn] + list(host.away) == list(range(6))
    assert host.away


def test_a_process_that_was_held_up_learns_that_it_no_longer_is() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host)
        subject.offer(asked(host), 0, host)
        host.now += 1000  # in the turn that this began
        await turns()
        for number in range(1, 40):
            subject.offer(asked(host, patience=0.1), number, host)
            await turns(5)

    assert not run(go).away


def test_a_large_body_weighs_more() -> None:
    async def let_in(host: Loop, size: int) -> int:
        subject = await learnt(host, most_bytes=100 * BESIDE)
        for number in range(100):
            subject.offer(asked(host, patience=0.1, size=size), number, host)
        return 100 - len(host.away)

    async def go(host: Loop) -> None:
        assert await let_in(Loop(), 0) > 5 * await let_in(Loop(), 20 * BESIDE)

    run(go)


def test_a_model_with_too_much_to_do_turns_away_those_who_want_it() -> None:
    def ahead(name: str | None, size: int) -> float:
        return 3.0 if name == "slow" else 0.0

    async def go(host: Loop) -> None:
        subject = await learnt(host, ahead=ahead)
        for name, patience in (("slow", 1.0), ("slow", 4.0), ("fast", 1.0)):
            subject.offer(Asked("/v2/models/{name}/infer", name, 10, host.now, patience), (name, patience), host)  # type: ignore[arg-type]
            await turns(5)

    host = run(go)
    assert list(host.away) == [("slow", 1.0)]
    assert host.away["slow", 1.0].headers["Retry-After"] == "3"  # type: ignore[index]


def test_where_a_degraded_answer_is_declared_callers_in_a_hurry_get_in() -> None:
    async def go(host: Loop) -> None:
        subject = await learnt(host, hurry=False)
        subject.offer(asked(host, patience=0.0), 0, host)
        subject.offer(asked(host, patience=0.0), 1, host)
        await turns()

    assert not run(go).away


def test_nobody_is_turned_away_for_a_hurry_that_nobody_could_satisfy() -> None:
    """At the door nobody is known: a stranger could make it look like an overload."""

    async def go(host: Loop) -> None:
        subject = Intake(Metrics(), lambda name, size: 0.015, 1000, 5.0, clock=host.clock)
        subject.offer(asked(host, patience=0.0), 0, host)
        assert not host.away

    run(go)


def test_who_is_turned_away_is_counted() -> None:
    async def go(host: Loop) -> None:
        metrics = Metrics()
        subject = Intake(metrics, lambda name, size: 2.0, 1000, 5.0, clock=host.clock)
        for number in range(3):
            subject.offer(asked(host, patience=1.0), number, host)
        assert of(metrics.requests, method="POST", route="/v1/predict", status="503") == 3
        assert of(metrics.refused, reason="deadline") == 3

    run(go)
