"""What several charts are told alike."""

from __future__ import annotations

import re
from typing import Any

PRIORITY = "airworthy-platform"
RELEASE = "prometheus"
"""The release of kube-prometheus-stack; objects that Prometheus is to read carry it as their label ``release``."""

UNITS = {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}
"""In MiB."""

POD = {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def resources(cpu: str, memory: str) -> dict[str, Any]:
    """CPU is asked for and memory limited: whoever takes more memory is stopped, whoever takes more CPU waits."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def mebibytes(size: str) -> int:
    """The MiB of an amount such as 50Gi."""
    found = re.fullmatch(r"(\d+)(Mi|Gi|Ti)", size)
    assert found, size  # the settings were validated
    return int(found[1]) * UNITS[found[2]]
