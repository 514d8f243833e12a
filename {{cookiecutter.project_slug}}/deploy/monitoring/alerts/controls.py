"""Controls that do not do all that they should: the record of decisions, shared limits, other parties, certificates."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.target import Target, increase, total

DAYS = 14
"""Left to a certificate when somebody is told: automatic renewal is usually over long before."""


def alerts(target: Target) -> list[Alert]:
    """The record of decisions, the shared rate limit, circuit breakers, the TLS certificate."""
    ends = target.of(names.CERTIFICATE_ENDS)
    unrecorded = target.of(names.AUDIT_FAILURES, 'kind=~"full|io"')
    unconfirmed = target.of(names.AUDIT_FAILURES, 'kind=~"sync|head"')
    return [
        Alert(
            "AuditFailing",
            "page",
            total(increase(unrecorded, "10m"), "kind") + " > 0",
            "0m",
            "decisions cannot be recorded",
            "The disk takes no records ({{ $labels.kind }}): predictions are refused, or given without a record, "
            "as SERVICE_AUDIT_FULL says.",
        ),
        Alert(
            "AuditUnconfirmed",
            "ticket",
            total(increase(unconfirmed, "30m"), "kind") + " > 0",
            "0m",
            "the record of decisions is written, but not confirmed",
            "The disk did not confirm what it had taken ({{ $labels.kind }}): a power cut now could lose records.",
        ),
        Alert(
            "RateLimiterDegraded",
            "ticket",
            f"max by (job, namespace) ({target.of(names.LIMITER_DEGRADED)}) == 1",
            "5m",
            "the shared rate limit cannot be reached",
            "Each instance limits by itself: a caller may ask as many times more often as there are instances.",
        ),
        Alert(
            "BreakerOpen",
            "ticket",
            f"max by (job, namespace, remote) ({target.of(names.BREAKER_OPEN)}) > 0",
            "5m",
            "another party is away",
            "Calls of {{ $labels.remote }} fail; the circuit breaker keeps most of them from being made.",
        ),
        Alert(
            "CertificateExpiring",
            "ticket",
            f"min by (job, namespace) ({ends} > 0) - time() < {DAYS * 86_400}",
            "15m",
            "the TLS certificate is about to expire",
            "{{ $value | humanizeDuration }} are left; after that no caller can connect.",
        ),
    ]
