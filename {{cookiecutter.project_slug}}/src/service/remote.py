"""Calls to another party that may be slow, flaky or away: limited in time, tried again within a budget, cut off in an
outage by a circuit breaker. One object for each party, used from one event loop."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from service.errors import RemoteUnavailable
from service.metrics import Metrics

T = TypeVar("T")
log = logging.getLogger("service")

SAVED = 50
"""Calls whose share of retries can be saved up for worse times."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a party is called.

    Attributes:
        timeout: for one attempt, in seconds; shorter than the caller's own deadline, or no failure is ever seen.
        retries: further attempts after the first.
        backoff: before a further attempt a random time up to ``backoff * 2**attempt`` passes (full jitter), in seconds.
        failures: failed calls in a row that open the breaker.
        reset: how long an open breaker waits before one trial call, in seconds.
        budget: retries as a share of calls, so that retries never multiply an outage.
    """

    timeout: float = 1.0
    retries: int = 2
    backoff: float = 0.05
    failures: int = 5
    reset: float = 5.0
    budget: float = 0.2


class Remote:
    """One other party.

    Args:
        name: what it is called in metrics, logs and errors.
        policy: how it is called.
        metrics: counts calls and retries, and shows the breaker.
        clock: seconds; only the breaker looks at it.
    """

    def __init__(
        self, name: str, policy: Policy, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.policy = policy
        self._breaker = Breaker(name, policy, metrics, clock)
        self._saved = policy.budget * SAVED
        self._retried = metrics.remote_retries.labels(name)
        self._outcomes = {o: metrics.remote_calls.labels(name, o) for o in ("ok", "error", "timeout", "refused")}

    @property
    def available(self) -> bool:
        """False while calls would be refused: the breaker is open and no trial is due."""
        return self._breaker.wait() == 0

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Call the party.

        Args:
            attempt: makes one attempt; may be called again, so it must not matter if it is carried out twice. Any
                exception counts as the party's failure.

        Raises:
            RemoteUnavailable: the breaker is open, or no attempt succeeded; then it is chained to the last failure.
        """
        if wait := self._breaker.wait():
            self._outcomes["refused"].inc()
            raise self._unavailable(wait)
        self._saved = min(self._saved + self.policy.budget, self.policy.budget * SAVED)
        trial = self._breaker.enter()
        succeeded = None  # stays so when the caller gives up, which says nothing about the party
        try:
            answer = await self._persist(attempt)
            succeeded = True
        except Exception as error:
            succeeded = False
            self._outcomes["timeout" if isinstance(error, TimeoutError) else "error"].inc()
            raise self._unavailable(1) from error
        finally:
            self._breaker.leave(trial, succeeded)
        self._outcomes["ok"].inc()
        return answer

    async def _persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Attempt until one succeeds or no further one is allowed. While the breaker is open, and so in a trial, none
        is."""
        for number in range(self.policy.retries):
            try:
                return await self._once(attempt)
            except Exception:
                if self._breaker.is_open or self._saved < 1:
                    raise
            self._saved -= 1
            self._retried.inc()
            await asyncio.sleep(random.uniform(0, self.policy.backoff * 2**number))
        return await self._once(attempt)

    async def _once(self, attempt: Callable[[], Awaitable[T]]) -> T:
        async with asyncio.timeout(self.policy.timeout):
            return await attempt()

    def _unavailable(self, wait: float) -> RemoteUnavailable:
        after = {"Retry-After": str(math.ceil(min(wait, self.policy.reset)))}
        return RemoteUnavailable(f"{self.name} does not answer; try again later", headers=after)


class Breaker:
    """Keeps calls from a party that has just failed several in a row: closed, open, or half open during one trial.

    Args:
        name: the party's name.
        policy: says when to open and how long to wait.
        metrics: shows the state.
        clock: seconds.
    """

    def __init__(self, name: str, policy: Policy, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._name = name
        self._policy = policy
        self._clock = clock
        self._shown = metrics.breaker_open.labels(name)
        self._failures = 0
        self._opened: float | None = None
        self._on_trial = False
        self._show()

    @property
    def is_open(self) -> bool:
        """Whether only a trial may pass."""
        return self._opened is not None

    def wait(self) -> float:
        """Seconds until a call may pass; infinite during a trial, whose end decides."""
        if self._opened is None:
            return 0
        return math.inf if self._on_trial else max(0.0, self._opened + self._policy.reset - self._clock())

    def enter(self) -> bool:
        """Let a call pass, which :meth:`wait` allowed; returns whether it is the trial."""
        self._on_trial = self.is_open
        self._show()
        return self._on_trial

    def leave(self, trial: bool, succeeded: bool | None) -> None:
        """Take note of how a call ended; None when its caller gave up. While open, only the trial's end counts."""
        if trial:
            self._on_trial = False
        if self._opened is None or trial:
            if succeeded:
                self._close()
            elif succeeded is not None:
                self._failed()
        self._show()

    def _close(self) -> None:
        if self._opened is not None:
            log.info("remote is back", extra={"remote": self._name})
        self._failures, self._opened = 0, None

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= self._policy.failures:
            if self._opened is None:
                log.error("remote is away", extra={"remote": self._name, "failures": self._failures})
            self._opened = self._clock()

    def _show(self) -> None:
        self._shown.set(0 if self._opened is None else 0.5 if self._on_trial else 1)
