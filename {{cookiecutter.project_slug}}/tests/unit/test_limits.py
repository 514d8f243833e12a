"""Rates and quotas: what passes, what is refused, and what a caller is told of it."""

from __future__ import annotations

import asyncio
import tracemalloc
from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import RateLimited
from service.limits import Limit, Limits, LocalLimiter, Rate, Refused
from service.limits.gcra import SECOND
from service.metrics import Metrics


class Clock:
    """Nanoseconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 5 * SECOND

    def __call__(self) -> int:
        return self.now


def limit(*rates: Rate) -> tuple[Limit, ...]:
    return tuple(Limit(f"number {place}", rate) for place, rate in enumerate(rates))


def wait(limiter: LocalLimiter, *rates: Rate, key: str = "ann", cost: int = 1) -> float:
    """Call; how long to wait as told, in nanoseconds, or 0 when the call passed."""
    try:
        limiter.hit(key, limit(*rates), cost)
    except Refused as refused:
        return refused.wait
    return 0


def passes(limiter: LocalLimiter, *rates: Rate, key: str = "ann", cost: int = 1) -> bool:
    return wait(limiter, *rates, key=key, cost=cost) == 0


def check(limits: Limits, principal: str = "ann", route: str = "/v1/predict", cost: int = 1) -> dict[str, str]:
    """The headers of an answer, by their names."""
    headers = asyncio.run(limits.check(principal, route, cost))
    return {name.decode(): value.decode() for name, value in headers}


def refusal(limits: Limits, principal: str = "ann", route: str = "/v1/predict", cost: int = 1) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        check(limits, principal, route, cost)
    return caught.value


def refused(metrics: Metrics, reason: str) -> float:
    return metrics.registry.get_sample_value("http_requests_refused_total", {"reason": reason}) or 0.0


RATES = st.builds(Rate, st.integers(1, 50), st.integers(1, 20), st.none() | st.integers(1, 60))
EXACT = st.builds(Rate, st.sampled_from([1, 2, 4, 5, 8, 10, 50]), st.integers(1, 20), st.none() | st.integers(1, 60))
ARRIVALS = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 4)), max_size=60)
"""Calls: how long after the one before, in nanoseconds, and what each costs."""


@given(RATES, ARRIVALS)
def test_no_stretch_of_time_admits_more_than_the_burst_and_the_rate(
    rate: Rate, arrivals: list[tuple[int, int]]
) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    admitted = []
    for gap, cost in arrivals:
        clock.now += gap
        if passes(limiter, rate, cost=cost):
            admitted.append((clock.now, cost))
    for first, (start, _) in enumerate(admitted):
        count = 0
        for moment, cost in admitted[first:]:
            count += cost
            seconds = Fraction(moment - start, SECOND)
            assert count <= rate.capacity + seconds * rate.amount / Fraction(rate.seconds)


def test_a_rate_that_does_not_fit_into_microseconds_is_not_exceeded_either() -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    admitted = 0
    for _ in range(1000):
        clock.now += SECOND // 1_000_000
        admitted += passes(limiter, Rate(700_000, 1, burst=1))
    assert admitted <= 1 + 700


@given(EXACT, ARRIVALS)
def test_nothing_is_refused_that_a_token_bucket_would_admit(rate: Rate, arrivals: list[tuple[int, int]]) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    tokens = Fraction(rate.capacity)
    for gap, cost in arrivals:
        clock.now += gap
        tokens = min(Fraction(rate.capacity), tokens + Fraction(gap * rate.amount, SECOND) / Fraction(rate.seconds))
        assert passes(limiter, rate, cost=cost) == (tokens >= cost)
        tokens -= cost if tokens >= cost else 0


@given(RATES, RATES, ARRIVALS)
def test_who_comes_back_when_told_is_let_in_and_not_a_moment_earlier(
    rate: Rate, quota: Rate, arrivals: list[tuple[int, int]]
) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    for gap, cost in arrivals:
        clock.now += gap
        told = wait(limiter, rate, quota, cost=cost)
        if cost > min(rate.capacity, quota.capacity):
            assert told == inf
        elif told:
            clock.now += int(told) - 1
            assert not passes(limiter, rate, quota, cost=cost)
            clock.now += 1
            assert passes(limiter, rate, quota, cost=cost)


@given(RATES, ARRIVALS)
def test_as_many_calls_are_let_in_as_were_said_to_be_left(rate: Rate, arrivals: list[tuple[int, int]]) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    left, more = limiter.hit("ann", limit(rate))
    for gap, cost in arrivals:
        clock.now += gap
        try:
            left, more = limiter.hit("ann", limit(rate), cost)
        except Refused as told:
            left, more = told.left
    assert [passes(limiter, rate) for _ in range(left + 1)] == [True] * left + [False]
    clock.now += more * SECOND
    assert passes(limiter, rate)


def test_callers_do_not_share_a_limit() -> None:
    limiter = LocalLimiter(clock=Clock())
    assert passes(limiter, Rate(1, 1))
    assert not passes(limiter, Rate(1, 1))
    assert passes(limiter, Rate(1, 1), key="bob")


def test_a_call_that_the_quota_refuses_does_not_use_up_the_rate() -> None:
    limits = Limits(LocalLimiter(clock=Clock()), Metrics(), Rate(10, 1), Rate(2, 86_400))
    assert check(limits)["ratelimit"] == '"rate";r=9;t=1, "quota";r=1;t=43200'
    assert check(limits)["ratelimit"] == '"rate";r=8;t=1, "quota";r=0;t=43200'
    for _ in range(20):
        assert refusal(limits).headers["RateLimit"] == '"rate";r=8;t=1, "quota";r=0;t=43200'


def test_a_call_that_the_rate_refuses_does_not_use_up_the_quota() -> None:
    clock = Clock()
    limits = Limits(LocalLimiter(clock=clock), Metrics(), Rate(1, 1), Rate(100, 86_400))
    check(limits)
    for _ in range(20):
        refusal(limits)
    clock.now += SECOND
    assert '"quota";r=98' in check(limits)["ratelimit"]


def test_an_answer_says_what_is_allowed_and_what_is_left() -> None:
    limits = Limits(LocalLimiter(clock=Clock()), Metrics(), Rate.parse("200/second"), Rate.parse("500000/day"))
    assert check(limits) == {
        "ratelimit-policy": '"rate";q=200;w=1, "quota";q=500000;w=86400',
        "ratelimit": '"rate";r=199;t=1, "quota";r=499999;t=1',
    }


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        ("300/second", '"rate";q=300;w=1'),
        ("1000/minute", '"rate";q=1000;w=60'),
        ("200/second burst 400", '"rate";q=400;w=2'),
        ("200/second burst 50", '"rate";q=50;w=1'),
    ],
)
def test_the_policy_that_is_told_is_never_faster_than_the_rate(rate: str, told: str) -> None:
    limits = Limits(LocalLimiter(), Metrics(), Rate.parse(rate))
    assert check(limits)["ratelimit-policy"] == told


def test_a_refusal_says_why_and_when_to_come_back() -> None:
    metrics, clock = Metrics(), Clock()
    limits = Limits(LocalLimiter(clock=clock), metrics, Rate(3, 10), Rate(1000, 86_400))
    for _ in range(3):
        check(limits)
    error = refusal(limits)
    assert error.status == 429
    assert error.detail == "the rate is used up (3 in 10 s, at most 3 at once); come back in 4 s"
    assert error.headers == {
        "Retry-After": "4",
        "RateLimit-Policy": '"rate";q=3;w=10, "quota";q=1000;w=86400',
        "RateLimit": '"rate";r=0;t=4, "quota";r=997;t=87',
    }
    clock.now += 4 * SECOND
    check(limits)
    assert (refused(metrics, "rate"), refused(metrics, "quota")) == (1, 0)


def test_who_is_refused_waits_a_second_at_least() -> None:
    limits = Limits(LocalLimiter(clock=Clock()), Metrics(), Rate(1000, 1, burst=1))
    check(limits)
    assert refusal(limits).headers["Retry-After"] == "1"


def test_the_longest_wait_is_told() -> None:
    metrics = Metrics()
    limits = Limits(LocalLimiter(clock=Clock()), metrics, Rate(1, 1), Rate(1, 86_400))
    check(limits)
    error = refusal(limits)
    assert error.detail.startswith("the quota is used up")
    assert error.headers["Retry-After"] == "86400"
    assert (refused(metrics, "rate"), refused(metrics, "quota")) == (0, 1)


def test_a_call_that_can_never_pass_is_not_told_to_come_back() -> None:
    limits = Limits(LocalLimiter(clock=Clock()), Metrics(), Rate(100, 1))
    error = refusal(limits, cost=101)
    assert "counts as 101 calls" in error.detail
    assert "Retry-After" not in error.headers
    assert '"rate";r=0' in check(limits, cost=100)["ratelimit"]


def test_a_route_with_a_rate_of_its_own_is_counted_by_itself_but_for_the_quota() -> None:
    routes = {"/v1/jobs": Rate(1, 60), "/v1/free": None}
    limits = Limits(LocalLimiter(clock=Clock()), Metrics(), Rate(1, 1), Rate(10, 86_400), routes)
    check(limits, route="/v1/predict")
    refusal(limits, route="/v2/infer")
    check(limits, route="/v1/jobs")
    assert refusal(limits, route="/v1/jobs").headers["Retry-After"] == "60"
    for left in reversed(range(8)):
        assert check(limits, route="/v1/free")["ratelimit"].startswith(f'"quota";r={left};')
    assert "quota" in refusal(limits, route="/v1/free").detail


def test_without_limits_nothing_is_refused_or_said() -> None:
    limits = Limits(LocalLimiter(), Metrics())
    assert [check(limits) for _ in range(1000)] == [{}] * 1000


def test_a_hostile_number_of_callers_takes_no_more_memory() -> None:
    limiter = LocalLimiter(keys=1000, clock=Clock())
    tracemalloc.start()
    try:
        for number in range(10_000):
            passes(limiter, Rate(5, 86_400), key=f"stranger {number}")
        assert tracemalloc.get_traced_memory()[0] < 600_000
    finally:
        tracemalloc.stop()


def test_a_crowd_of_strangers_does_not_make_a_used_up_limit_forgotten() -> None:
    limiter = LocalLimiter(keys=100, clock=Clock())
    for _ in range(5):
        assert passes(limiter, Rate(5, 86_400))
    for number in range(5000):
        assert passes(limiter, Rate(5, 86_400), key=f"stranger {number}")
    assert not passes(limiter, Rate(5, 86_400))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("200/second", Rate(200, 1)),
        (" 1000 / Minute ", Rate(1000, 60)),
        ("7/hour", Rate(7, 3_600)),
        ("500000/day", Rate(500_000, 86_400)),
        ("200/second burst 400", Rate(200, 1, 400)),
    ],
)
def test_rates_are_read(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text", ["", "200", "200/s", "200/fortnight", "-1/second", "1.5/second", "2/second burst", "٣/day"]
)
def test_what_is_no_rate_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a rate; write 200/second, .* 200/second burst 400"):
        Rate.parse(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("0/second", "at least 1; write none"),
        ("5/second burst 0", "at least 1; write none"),
        ("1000001/second", "over 1000000/second"),
        ("1/day burst 999999", "smaller one"),
    ],
)
def test_rates_that_make_no_sense_are_refused(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        Rate.parse(text)


@given(RATES, st.integers(1, 64))
def test_the_shares_of_several_processes_are_the_rate_together(rate: Rate, processes: int) -> None:
    share = rate.divided(processes)
    assert Fraction(share.amount) / Fraction(share.seconds) * processes == Fraction(rate.amount) / Fraction(
        rate.seconds
    )
    assert share.capacity == max(1, rate.capacity // processes)
