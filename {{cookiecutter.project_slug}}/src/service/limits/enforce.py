"""Which calls count against what, and what a caller is told of it.

The headers are those of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-11).
``RateLimit-Policy: "rate";q=200;w=1`` says that 200 calls are restored in 1 second; ``RateLimit: "rate";r=150;t=1``
that 150 are left, and that there will be more in 1 second.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, inf

from service.errors import RateLimited
from service.limits.gcra import SECOND, Limit, Limiter, Rate, Refused
from service.metrics import Metrics

Headers = tuple[tuple[bytes, bytes], ...]


class Limits:
    """The service's limits for each caller.

    A call must fit into the rate and into the quota; one that either refuses uses up neither.

    Args:
        limiter: where calls are counted.
        metrics: counts what was refused.
        rate: for all routes together that have no rate of their own; None for no limit.
        quota: for all routes together, usually for a day; None for no limit.
        routes: rates of routes that are counted by themselves, by the route's pattern; None for no limit.
    """

    def __init__(
        self,
        limiter: Limiter,
        metrics: Metrics,
        rate: Rate | None = None,
        quota: Rate | None = None,
        routes: Mapping[str, Rate | None] | None = None,
    ) -> None:
        self._limiter = limiter
        self._refused = {name: metrics.refused.labels(name) for name in ("rate", "quota")}
        everywhere = (Limit("quota", quota),) if quota else ()
        self._usual = _Plan(((Limit("rate", rate),) if rate else ()) + everywhere)
        self._plans = {
            route: _Plan(((Limit("rate", own, f"rate:{route}"),) if own else ()) + everywhere)
            for route, own in (routes or {}).items()
        }

    async def close(self) -> None:
        """Leave whoever counts elsewhere."""
        await self._limiter.close()

    async def check(self, principal: str, route: str, cost: int = 1) -> Headers:
        """Count a call.

        Args:
            principal: who calls.
            route: the route's pattern.
            cost: how many calls it counts as, at least 1.

        Returns:
            Headers for the answer.

        Raises:
            RateLimited: the caller has to wait; its headers say how long.
        """
        plan = self._plans.get(route, self._usual)
        if not plan.limits:
            return ()
        try:
            left = self._limiter.hit(principal, plan.limits, cost)
            if not isinstance(left, tuple):
                left = await left
        except Refused as refused:
            self._refused[refused.limit.name].inc()
            raise plan.refusal(refused, cost) from None
        return plan.policy, (b"ratelimit", plan.state % left)


class _Plan:
    """What calls of a route count against, with as much of the headers as never changes."""

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        self.limits = limits
        self.policy = (b"ratelimit-policy", ", ".join(map(_policy, limits)).encode())
        self.state = ", ".join(f'"{limit.name}";r=%d;t=%d' for limit in limits).encode()

    def refusal(self, refused: Refused, cost: int) -> RateLimited:
        """The error that tells a caller when to come back."""
        name, rate = refused.limit.name, refused.limit.rate
        headers = {"RateLimit-Policy": self.policy[1].decode(), "RateLimit": (self.state % refused.left).decode()}
        if refused.wait == inf:
            detail = f"this counts as {cost} calls, and the {name} never lets so many through at once; send less"
        else:
            headers["Retry-After"] = seconds = str(ceil(refused.wait / SECOND))
            detail = f"the {name} is used up ({rate}); come back in {seconds} s"
        return RateLimited(detail, headers=headers)


def _policy(limit: Limit) -> str:
    rate = limit.rate
    return f'"{limit.name}";q={rate.capacity};w={ceil(rate.capacity * rate.seconds / rate.amount)}'
