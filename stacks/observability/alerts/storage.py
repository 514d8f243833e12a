"""Volumes: with room, and to be had."""

from __future__ import annotations

from stacks.observability.alerts.alert import Alert

LEFT = "kubelet_volume_stats_available_bytes"
SHARE = f"{LEFT} / kubelet_volume_stats_capacity_bytes"

ALERTS = (
    Alert(
        "VolumeFilling",
        "ticket",
        f"{SHARE} < 0.15 and predict_linear({LEFT}[6h], 4 * 24 * 3600) < 0",
        "1h",
        "a volume will be full within days",
        "{{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} has {{ $value | humanizePercentage }} left.",
    ),
    Alert(
        "VolumeFull",
        "page",
        f"{SHARE} < 0.03",
        "1m",
        "a volume is full",
        "{{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} has {{ $value | humanizePercentage }} left: "
        "what writes there stops.",
    ),
    Alert(
        "ClaimNotBound",
        "ticket",
        'kube_persistentvolumeclaim_status_phase{phase=~"Pending|Lost"} == 1',
        "15m",
        "a volume cannot be had",
        "{{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is {{ $labels.phase }}; its pod waits.",
    ),
)
