"""Tempo: all traces, in one process, on its volume or in S3."""

from __future__ import annotations

from typing import Any

from pulumi import Input

from stacks.observability.settings import StoreSettings
from stacks.observability.values.common import POD, RELEASE
from stacks.platform.charts import LOCKED, PRIORITY, resources

ACCOUNT = "tempo"
"""Its service account, to which AWS gives the bucket."""

OTLP_PORT = 4317


def tempo(settings: StoreSettings, bucket: Input[str] | None, region: str | None) -> dict[str, Any]:
    """The chart's values.

    Args:
        settings: how long and how much.
        bucket: the name of the bucket; None keeps all on the volume.
        region: the bucket's.
    """
    return {
        "fullnameOverride": "tempo",
        "serviceAccount": {"name": ACCOUNT, "automountServiceAccountToken": False},
        "securityContext": {**POD, "runAsGroup": 10001},
        "priorityClassName": PRIORITY,
        "tempo": {
            "reportingEnabled": False,
            "retention": f"{settings.days * 24}h",
            "storage": {"trace": {**_storage(bucket, region), "wal": {"path": "/var/tempo/wal"}}},
            "resources": resources(settings.cpu, settings.memory),
            "securityContext": LOCKED,
        },
        "persistence": {"enabled": True, "size": settings.storage},
        "serviceMonitor": {"enabled": True, "additionalLabels": {"release": RELEASE}},
    }


def _storage(bucket: Input[str] | None, region: str | None) -> dict[str, Any]:
    if bucket is None:
        return {"backend": "local", "local": {"path": "/var/tempo/traces"}}
    return {
        "backend": "s3",
        "s3": {"bucket": bucket, "region": region, "endpoint": f"s3.{region}.amazonaws.com"},
    }
