"""What every prediction passes, whichever protocol it came in: the controls, joined in the order of the path."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.audit import Audit
from service.auth import Authenticator, Scope, require
from service.cache import Cache
from service.call import TIMEOUT, Call, patience
from service.decoding import Decoding
from service.degrade import DEGRADABLE, Degrade
from service.errors import AuditFailed, BadRequest, TooLarge
from service.intake import Intake
from service.lifecycle import Lifecycle
from service.limits import Limits
from service.metrics import Metrics
from service.models import Models
from service.serving import Served, Slot
from service.settings import Settings
from service.signature import Decoded

log = logging.getLogger("service")
MOST_PARTS = 10
"""Objects and lists in a body for each row allowed; texts may hold some signs that look like one."""


@dataclass(frozen=True)
class Desk:
    """The controls. ``app`` joins them; the routes pass them."""

    models: Models
    fallback: Slot | None
    intake: Intake
    auth: Authenticator
    limits: Limits
    decoding: Decoding
    cache: Cache
    degrade: Degrade
    audit: Audit | None
    metrics: Metrics
    settings: Settings
    lifecycle: Lifecycle

    @property
    def ready(self) -> bool:
        """Whether to send requests here."""
        return not self.unready

    @property
    def unready(self) -> str:
        """Why not to send requests here, in a few words that anybody may read; empty when all is well."""
        if self.lifecycle.draining:
            return "Stopping"
        if self.audit is not None and self.audit.problem and self.settings.audit_full == "refuse":
            return AuditFailed.title
        lacking = [slot.problem for slot in self.models.slots if not slot.ready]
        return lacking[0].title if lacking and lacking[0] else ""

    async def enter(self, call: Call, scope: Scope = "predict") -> None:
        """Let in who is known, may do this, and has not done it too often.

        Raises:
            Unauthenticated, Forbidden, RateLimited: the caller is not let in.
            BadRequest: it states an unreadable deadline.
            RemoteUnavailable: its token cannot be checked now.
        """
        principal = await self.auth.identify(call.asked)
        call.principal = principal.name
        require(principal, scope)
        call.headers = await self.limits.check(f"{principal.kind} {principal.name}", call.route)
        call.deadline = call.began + _patience(call)

    def refresh(self) -> bool:
        """Take up what changed on disk: bundles, and who may call. Returns whether a model was replaced."""
        self.auth.keys.refresh()
        replaced = self.models.refresh()
        if self.fallback:
            self.fallback.refresh()
        return replaced

    async def watch(self, seconds: float) -> None:
        """Refresh every so many seconds, until cancelled; whatever goes wrong, the next time it is tried again."""
        while True:
            await asyncio.sleep(seconds)
            self.metrics.in_flight.set(self.lifecycle.in_flight)
            try:
                if await asyncio.to_thread(self.refresh):
                    self.cache.clear()
            except Exception:
                log.exception("what changed on disk cannot be taken up")
            if self.audit is not None:
                self.audit.retry()

    async def close(self) -> None:
        """Bring to their end what the controls have open."""
        await self.limits.close()
        if self.audit is not None:
            await self.audit.close()

    def admit_body(self, body: bytes) -> None:
        """Refuse a body that holds far more objects and lists than rows are allowed, before they take memory."""
        if body.count(b"{") + body.count(b"[") > MOST_PARTS * self.settings.max_rows:
            raise TooLarge(f"far more objects or lists than the {self.settings.max_rows} rows allowed in one request")

    def admit(self, rows: int) -> None:
        """Refuse more rows than the settings allow."""
        if rows > self.settings.max_rows:
            raise TooLarge(f"{rows} rows; at most {self.settings.max_rows} in one request")

    async def answer(self, call: Call, served: Served, decoded: Decoded) -> NDArray[np.float32]:
        """The model's outputs for rows: from the cache, or in a batch, or what is declared in their stead; recorded.

        Raises:
            Overloaded, DeadlineExceeded, ModelFailed: there is no answer.
            AuditFailed: there is one, but it may not be given without a record.
        """
        statement = served.approval
        call.model, call.version, call.digest = statement.model, statement.version, served.bundle.digest
        call.rows = decoded.rows
        if self.settings.log_features:
            call.features = {name: block.tolist() for name, block in decoded.blocks.items()}
        key = self.cache.key(call.digest, decoded)
        outputs = self.cache.get(key)
        if outputs is not None:
            call.cached = True
        else:
            try:
                served.batcher.admit(call, decoded.rows)
                outputs = await served.batcher.run(call, decoded)
                self.cache.put(key, outputs)
            except DEGRADABLE as error:
                outputs = await self.degrade.instead(error, call, served, decoded, key)
        served.answered.inc(decoded.rows)
        if decoded.flags:
            problems = Counter(flag.problem for flags in decoded.flags.values() for flag in flags)
            for problem, count in problems.items():
                self.metrics.flags.labels(problem).inc(count)
        if self.audit is not None:
            await self.audit.record(call, decoded.canonical(), outputs.tolist())
        return outputs


def _patience(call: Call) -> float:
    for name, value in call.asked:
        if name == TIMEOUT:
            try:
                return patience(value)
            except ValueError as error:
                raise BadRequest(f"X-Request-Timeout-Ms: {error}") from error
    return math.inf
