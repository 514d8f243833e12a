"""Nodes: there, well, and enough of them."""

from __future__ import annotations

from stacks.observability.alerts.alert import Alert

READY = 'kube_node_status_condition{condition="Ready", status="true"}'
REAL = '{fstype!~"tmpfs|overlay|squashfs"}'
"""File systems on a disk."""

ALERTS = (
    Alert(
        "NodeNotReady",
        "ticket",
        f"{READY} == 0",
        "10m",
        "a node is not ready",
        "{{ $labels.node }} runs nothing new, and what ran on it has gone to other nodes.",
    ),
    Alert(
        "CapacityLost",
        "page",
        f"sum({READY}) / count({READY}) < 0.67",
        "5m",
        "a third of the nodes is gone",
        "Only {{ $value | humanizePercentage }} of the nodes are ready: what they ran may have no room left.",
    ),
    Alert(
        "NodeUnderPressure",
        "ticket",
        'kube_node_status_condition{condition=~"MemoryPressure|DiskPressure|PIDPressure", status="true"} == 1',
        "10m",
        "a node is running out of something",
        "{{ $labels.node }} says {{ $labels.condition }}: it takes no new pods and evicts those it has.",
    ),
    Alert(
        "NodeDiskFilling",
        "ticket",
        f"min by (instance) (node_filesystem_avail_bytes{REAL} / node_filesystem_size_bytes{REAL}) < 0.1",
        "15m",
        "a node's disk is nearly full",
        "{{ $labels.instance }} has {{ $value | humanizePercentage }} of a disk left; images and logs need it.",
    ),
    Alert(
        "PodsUnschedulable",
        "ticket",
        "sum by (namespace) (kube_pod_status_unschedulable) > 0",
        "15m",
        "pods find no node",
        "{{ $value }} pods of {{ $labels.namespace }} wait for a node that has room for them and suits them.",
    ),
)
