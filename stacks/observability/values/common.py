"""What several charts are told alike."""

from __future__ import annotations

import re

RELEASE = "prometheus"
"""The release of kube-prometheus-stack; objects that Prometheus is to read carry it as their label ``release``."""

UNITS = {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}
"""In MiB."""

POD = {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}


def mebibytes(size: str) -> int:
    """The MiB of an amount such as 50Gi."""
    found = re.fullmatch(r"(\d+)(Mi|Gi|Ti)", size)
    assert found, size  # the settings were validated
    return int(found[1]) * UNITS[found[2]]
