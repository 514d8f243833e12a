"""Loki: all logs, in one process, on its volume or in S3."""

from __future__ import annotations

from typing import Any

from pulumi import Input

from stacks.observability.settings import StoreSettings
from stacks.observability.values.common import RELEASE
from stacks.platform.charts import PRIORITY, resources

ACCOUNT = "loki"
"""Its service account, to which AWS gives the bucket."""

PORT = 3100
SCHEMA_SINCE = "2024-04-01"
"""Before any log of ours. A later schema gets an entry of its own and a date in the future; this one stays as it is."""


def loki(settings: StoreSettings, bucket: Input[str] | None, region: str | None) -> dict[str, Any]:
    """The chart's values.

    Args:
        settings: how long and how much.
        bucket: the name of the bucket; None keeps all on the volume.
        region: the bucket's.
    """
    store = "s3" if bucket is not None else "filesystem"
    return {
        "fullnameOverride": "loki",
        "deploymentMode": "Monolithic",
        "serviceAccount": {"name": ACCOUNT},
        "loki": {
            "auth_enabled": False,  # one tenant; the network policy says who reaches it
            "analytics": {"reporting_enabled": False},
            "commonConfig": {"replication_factor": 1},
            "storage": _storage(bucket, region),
            "schemaConfig": {
                "configs": [
                    {
                        "from": SCHEMA_SINCE,
                        "store": "tsdb",
                        "object_store": store,
                        "schema": "v13",
                        "index": {"prefix": "index_", "period": "24h"},
                    }
                ]
            },
            "limits_config": {"retention_period": f"{settings.days * 24}h", "allow_structured_metadata": True},
            # Without this nothing is ever deleted, whatever the retention says.
            "compactor": {"retention_enabled": True, "delete_request_store": store},
        },
        "singleBinary": {
            "replicas": 1,
            "persistence": {"enabled": True, "size": settings.storage},
            "resources": resources(settings.cpu, settings.memory),
            "priorityClassName": PRIORITY,
        },
        **{part: {"replicas": 0} for part in ("read", "write", "backend")},
        **{part: {"enabled": False} for part in ("gateway", "chunksCache", "resultsCache", "lokiCanary", "test")},
        "monitoring": {"serviceMonitor": {"enabled": True, "labels": {"release": RELEASE}}},
        "sidecar": {"rules": {"enabled": False}},
    }


def _storage(bucket: Input[str] | None, region: str | None) -> dict[str, Any]:
    if bucket is None:
        return {"type": "filesystem"}
    return {
        "type": "s3",
        "bucketNames": dict.fromkeys(("chunks", "ruler", "admin"), bucket),
        "s3": {"region": region},
    }
