"""What Redis or Valkey keeps of each caller, and the script that counts there: the same algorithm by Redis's clock."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from service.limits.gcra import MICROSECOND, Limit

if TYPE_CHECKING:
    from redis.asyncio import Redis

Kind = tuple[str, tuple[Limit, ...], int]
"""Calls that count alike: who calls, against what it counts, and as how many calls."""

SCRIPT = """\
-- KEYS: limits of one caller. ARGV: cost of a call, calls; then of each limit its interval and full. Microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, passed = tonumber(ARGV[1]), tonumber(ARGV[2])
local interval, used = {}, {}
for i, key in ipairs(KEYS) do
  local full = tonumber(ARGV[2 * i + 2])
  local ahead = (tonumber(redis.call('GET', key)) or now) - now
  interval[i] = cost * ARGV[2 * i + 1]
  if ahead > full then  -- the clock was set back, or the limit changed; kept, so that the wait is as long as told
    ahead = full
    redis.call('SET', key, string.format('%.0f', now + full), 'PX', math.ceil(full / 1000))
  end
  used[i] = math.max(ahead, 0)
  passed = math.min(passed, math.floor((full - used[i]) / interval[i]))
end
if passed > 0 then
  for i, key in ipairs(KEYS) do
    used[i] = used[i] + passed * interval[i]
    redis.call('SET', key, string.format('%.0f', now + used[i]), 'PX', math.ceil(used[i] / 1000))
  end
end
return {passed, unpack(used)}
"""
DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class RedisStore:
    """Counts in one Redis.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with a password if need be.
        prefix: begins all keys.

    Raises:
        ValueError: the URL is wrong; it is not repeated, as it may hold a password.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = _client(url)
        self._prefix = prefix

    async def count(self, calls: Sequence[tuple[Kind, int]]) -> list[list[int]]:
        """Count several kinds of calls in one round trip; in a second one when Redis does not know the script.

        Returns:
            Of each kind, how many calls pass, then how much of each limit is used: the time in which it is restored,
            in microseconds.
        """
        from redis.exceptions import NoScriptError

        arguments = [self._arguments(*kind, number) for kind, number in calls]
        answers = await self._run("EVALSHA", DIGEST, arguments)
        unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            again = await self._run("EVAL", SCRIPT, [arguments[place] for place in unknown])
            for place, answer in zip(unknown, again, strict=True):
                answers[place] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def _run(self, command: str, script: str, arguments: list[list[str | int]]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for each in arguments:
            pipeline.execute_command(command, script, *each)
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    def _arguments(self, key: str, limits: tuple[Limit, ...], cost: int, calls: int) -> list[str | int]:
        start = self._prefix + ":{" + key + "}:"  # a hash tag: in a cluster, all of a caller's limits are in one place
        keys = [start + limit.bucket for limit in limits]
        numbers = [time // MICROSECOND for limit in limits for time in (limit.interval, limit.full)]
        return [len(keys), *keys, cost, calls, *numbers]


def _client(url: str) -> Redis:
    """A client without retries and time-outs, which are its caller's."""
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    never = Retry(NoBackoff(), 0)
    try:
        return Redis.from_url(url, protocol=2, retry=never, socket_timeout=None, socket_connect_timeout=None)
    except ValueError:
        raise ValueError(
            "not the address of a Redis; write redis://HOST:6379, "
            "rediss://USER:PASSWORD@HOST:6379 or unix:///PATH, "  # pragma: allowlist secret
            "with special characters of the password percent-encoded"
        ) from None
