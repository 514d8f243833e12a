"""What Checkov loads for ``--external-checks-dir``: controls of readiness as its checks, from the package beside."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.kubernetes.checks.resource.base_spec_check import BaseK8Check

sys.path.append(str(Path(__file__).resolve().parents[1]))  # so that readiness need not be installed


class NotLoaded(BaseK8Check):
    """Stands for all checks where they cannot be loaded. Nothing passes it."""

    def __init__(self, reason: Exception) -> None:
        name = f"The checks of readiness can be loaded ({type(reason).__name__}: {reason})"
        super().__init__(name, "CKV_READINESS_NOT_LOADED", (CheckCategories.KUBERNETES,), ("*",))

    def scan_spec_conf(self, conf: dict[str, Any]) -> CheckResult:
        return CheckResult.FAILED


try:
    from readiness.checkov_checks import checks

    CHECKS: list[BaseK8Check] = checks()
except Exception as error:  # Checkov would only log it, and report as if all had passed
    CHECKS = [NotLoaded(error)]
