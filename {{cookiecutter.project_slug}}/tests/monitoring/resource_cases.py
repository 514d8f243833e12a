"""For alerts on what the service runs on and relies on: when each fires, and when it keeps silent."""

from __future__ import annotations

from monitoring.promtool import Case
from monitoring.series import asked, cluster, own, pod

OTHER_SERVICE = "fraud-v2-6c9d7-x2x4z"
MEGABYTES_500 = "524288000x60"


def autoscaler(name: str, current: int, least: int, most: int) -> dict[str, str]:
    """How many replicas there are, and may be."""
    numbers = {"status_current": current, "spec_min": least, "spec_max": most}
    return {
        cluster(f"kube_horizontalpodautoscaler_{what}_replicas", horizontalpodautoscaler=name): f"{number}x60"
        for what, number in numbers.items()
    }


LOAD = {
    "Overloaded": Case(
        fires={
            reason: {asked("200"): "0+980x60", own("http_requests_refused_total", reason=reason): "0+20x60"}
            for reason in ("queue", "deadline")
        },
        silent={
            "0.5 %": {asked("200"): "0+1000x60", own("http_requests_refused_total", reason="queue"): "0+5x60"},
            "other refusals": {asked("200"): "0+980x60", own("http_requests_refused_total", reason="rate"): "0+20x60"},
        },
    ),
    "AtMaximumReplicas": Case(
        fires={name: autoscaler(name, 6, 2, 6) for name in ("fraud", "keda-hpa-fraud")},
        silent={
            "one to go": autoscaler("fraud", 5, 2, 6),
            "there is nothing to scale": autoscaler("fraud", 2, 2, 2),
            "another service": autoscaler("fraud-v2", 6, 2, 6),
        },
    ),
    "ProcessorSaturated": Case(
        fires={"57 s a minute": {own("process_cpu_seconds_total"): "0+57x60"}},
        silent={"50 s a minute": {own("process_cpu_seconds_total"): "0+50x60"}},
    ),
    "ConnectionsNearLimit": Case(
        fires={"1900 of 2128": {own("process_open_fds"): "1900x60", own("process_max_fds"): "2128x60"}},
        silent={"1500 of 2128": {own("process_open_fds"): "1500x60", own("process_max_fds"): "2128x60"}},
    ),
    "MemoryNearLimit": Case(
        fires={
            "95 %": {
                pod("container_memory_working_set_bytes", container="service"): "498073600x60",
                pod("kube_pod_container_resource_limits", container="service", resource="memory"): MEGABYTES_500,
            }
        },
        silent={
            "80 %": {
                pod("container_memory_working_set_bytes", container="service"): "419430400x60",
                pod("kube_pod_container_resource_limits", container="service", resource="memory"): MEGABYTES_500,
            },
            "another service": {
                pod("container_memory_working_set_bytes", OTHER_SERVICE, container="service"): "498073600x60",
                pod("kube_pod_container_resource_limits", OTHER_SERVICE, container="service", resource="memory"): (
                    MEGABYTES_500
                ),
            },
        },
    ),
}

PODS = {
    "PodsRestarting": Case(
        fires={"every five minutes": {pod("kube_pod_container_status_restarts_total"): "0 0 0 0 0+0.2x60"}},
        silent={
            "once": {pod("kube_pod_container_status_restarts_total"): "0x50 1x10"},
            "another service": {pod("kube_pod_container_status_restarts_total", OTHER_SERVICE): "0+0.2x60"},
        },
    ),
    "PodsNotReady": Case(
        fires={
            "one of two": {
                pod("kube_pod_status_ready", "fraud-6c9d7-aaaaa", condition="true"): "0x60",
                pod("kube_pod_status_ready", "fraud-6c9d7-bbbbb", condition="true"): "1x60",
            }
        },
        silent={
            "three of four": {
                pod("kube_pod_status_ready", f"fraud-6c9d7-{name}aaaa", condition="true"): f"{int(name != 'a')}x60"
                for name in "abcd"
            }
        },
    ),
    "RolloutAborted": Case(
        fires={
            **{phase: {cluster("rollout_info", name="fraud", phase=phase): "1x60"} for phase in ("Abort", "Timeout")},
            "under another namespace": {'rollout_info{namespace="argo-rollouts", name="fraud", phase="Abort"}': "1x60"},
        },
        silent={
            "going on": {cluster("rollout_info", name="fraud", phase="Progressing"): "1x60"},
            "another service": {cluster("rollout_info", name="fraud-v2", phase="Abort"): "1x60"},
        },
    ),
}

CONTROLS = {
    "AuditFailing": Case(
        fires={kind: {own("audit_failures_total", kind=kind): "0x55 1x5"} for kind in ("full", "io")},
        silent={
            "not confirmed, which is another alert": {own("audit_failures_total", kind="head"): "0x50 1x10"},
            "it was over half an hour ago": {own("audit_failures_total", kind="io"): "0x20 1x40"},
        },
    ),
    "AuditUnconfirmed": Case(
        fires={kind: {own("audit_failures_total", kind=kind): "0x50 1x10"} for kind in ("sync", "head")},
        silent={"it was over 40 minutes ago": {own("audit_failures_total", kind="sync"): "0x10 1x50"}},
    ),
    "RateLimiterDegraded": Case(
        fires={"one of two": {own("rate_limit_degraded"): "0x50 1x10", own("rate_limit_degraded", "b"): "0x60"}},
        silent={"two minutes": {own("rate_limit_degraded"): "0x57 1x3"}},
    ),
    "BreakerOpen": Case(
        fires={"open, with trials": {own("remote_breaker_open", remote="redis"): "1 1 0.5 1 1 0.5 1 1 0.5 1x60"}},
        silent={"two minutes": {own("remote_breaker_open", remote="redis"): "0x57 1x3"}},
    ),
    "CertificateExpiring": Case(
        fires={
            "in a day, at one of two": {
                own("tls_certificate_not_after_timestamp_seconds"): "86400x60",
                own("tls_certificate_not_after_timestamp_seconds", "b"): "31536000x60",
            },
            "it has": {own("tls_certificate_not_after_timestamp_seconds"): "60x60"},
        },
        silent={
            "in a month": {own("tls_certificate_not_after_timestamp_seconds"): "2592000x60"},
            "no TLS": {own("tls_certificate_not_after_timestamp_seconds"): "0x60"},
        },
    ),
}

CASES = {**LOAD, **PODS, **CONTROLS}
