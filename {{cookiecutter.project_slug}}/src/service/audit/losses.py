"""What becomes of decisions that the disk does not take."""

from __future__ import annotations

import errno
import logging
import time

from service.audit.group import Group
from service.audit.options import Policy
from service.audit.record import Gap, Stamps, encode
from service.errors import AuditFailed
from service.metrics import Metrics

log = logging.getLogger("service")

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Losses:
    """Refuses or sheds, counts, and tells the log when it begins and when it is over.

    Args:
        policy: ``refuse`` or ``shed``.
        metrics: counts by kind.

    Attributes:
        problem: why nothing can be recorded at present; empty when all is well.
    """

    def __init__(self, policy: Policy, metrics: Metrics) -> None:
        self.problem = ""
        self._policy = policy
        self._metrics = metrics
        self._stamp = Stamps()
        self._shed = 0
        self._since = 0

    def failed(self, error: OSError) -> None:
        """The disk takes nothing."""
        if not self.problem:
            log.error("decisions cannot be recorded", extra={"reason": str(error), "policy": self._policy})
        self.problem = error.strerror or str(error)

    def lost(self, group: Group, error: OSError) -> None:
        """A group was not written."""
        self.failed(error)
        count = len(group.contents)
        self._metrics.audit_failures.labels("full" if error.errno in FULL else "io").inc(count)
        if self._policy == "shed":
            self._since = self._since if self._shed else group.first
            self._shed += count
        self._settle(group, error)

    def unsynced(self, group: Group, error: BaseException) -> None:
        """A group was written, but could not be forced onto the disk."""
        log.error("the audit trail cannot be forced onto the disk", extra={"reason": str(error)})
        self._metrics.audit_failures.labels("sync").inc()
        self._settle(group, error)

    def gap(self) -> list[bytes]:
        """What the trail must say before it goes on, if anything."""
        if not self._shed:
            return []
        return [encode(Gap(self._stamp(time.time_ns()), self._stamp(self._since), self._shed, self.problem))]

    def over(self) -> None:
        """The disk took what it was given, the gap included."""
        if self.problem:
            log.info("decisions are recorded again", extra={"shed": self._shed})
            self.problem, self._shed = "", 0

    def _settle(self, group: Group, error: BaseException) -> None:
        if self._policy == "shed":
            group.keep()
            return
        told = "the decision cannot be recorded, and without a record none is given"
        failed = AuditFailed(told, headers={"Retry-After": "1"})
        failed.__cause__ = error
        group.refuse(failed)
