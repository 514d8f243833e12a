"""The controls that judge a workload by itself as checks of Checkov, for the kinds whose pods Checkov does not see.

Checkov looks for pods in the kinds of Kubernetes itself; in an Argo Rollout or a KServe InferenceService it finds none.
``../checkov/workloads.py`` is what Checkov loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checkov.common.bridgecrew.severities import get_severity
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.kubernetes.checks.resource.base_spec_check import BaseK8Check

from readiness.control import AnyControl, Finding, Verdict
from readiness.controls import catalogue
from readiness.facts import Facts
from readiness.facts.kubernetes import is_object, resource
from readiness.facts.manifests import read
from readiness.judge import judge

NAMED = ("apiVersion", "kind", "metadata")


class ControlCheck(BaseK8Check):
    """One control as Checkov asks it: about one object at a time. Being made, it is on Checkov's list."""

    def __init__(self, control: AnyControl) -> None:
        super().__init__(control.title, check_id(control), (CheckCategories.KUBERNETES,), ("*",), guideline(control))
        self.control = control
        self.severity = get_severity(control.severity)
        self.file = ""

    def run(self, scanned_file: str, *entity: Any, **named: Any) -> dict[str, Any]:
        """Checkov's own, with what is wrong beside the result, as its reports of Kubernetes have no place for it."""
        self.file = scanned_file
        told: dict[str, Any] = super().run(scanned_file, *entity, **named)
        return told | {"details": self.details}

    def scan_spec_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Passed, failed, or unknown where the control has nothing to say.

        What could not be evaluated has failed: Checkov leaves unknown results out of its reports, as if all were well.
        """
        label = label_of(conf)
        if label is None:
            return CheckResult.UNKNOWN
        told = judged(self.file)
        if label not in told.labels:
            self.details = [f"not evaluated: {self.file} cannot be read in full: readiness manifests says why"]
            return CheckResult.FAILED
        findings = told.findings.get((self.control.id, label), [])
        self.details = [said(one) for one in findings if one.verdict is not Verdict.PASS]
        if not findings:
            return CheckResult.UNKNOWN
        return CheckResult.FAILED if self.details else CheckResult.PASSED


@dataclass(frozen=True)
class Judged:
    """What the controls say of a file: the labels of all its objects, and the findings by control and label."""

    labels: frozenset[str]
    findings: Mapping[tuple[str, str], list[Finding]]


def checks() -> list[ControlCheck]:
    """A check for each control that judges a workload by itself."""
    return [ControlCheck(control) for control in controls()]


def controls() -> list[AnyControl]:
    return [control for control in catalogue("resources") if control.alone]


@lru_cache(maxsize=1)  # Checkov goes from file to file, and asks every check about each object of one
def judged(file: str) -> Judged:
    """Reads a file as ``readiness manifests`` would: what Checkov hands over has lost doubled keys and templates."""
    resources = read((file,))
    findings: dict[tuple[str, str], list[Finding]] = {}
    for result in judge(controls(), Facts(resources=resources), whole=False):
        findings.setdefault((result.control.id, result.finding.resource), []).append(result.finding)
    return Judged(frozenset(one.label for one in resources.all), findings)


def label_of(conf: Mapping[str, Any]) -> str | None:
    """What the gate calls an object of a custom kind; None for one of Kubernetes' own kinds, which Checkov knows."""
    head: dict[str, Any] = {key: conf.get(key) for key in NAMED}
    if not is_object(head) or "." not in head["apiVersion"].rpartition("/")[0]:
        return None
    return resource(head, "", templated=True).label


def said(finding: Finding) -> str:
    """What is wrong, where, and what to do about it."""
    unknown = "not evaluated: " if finding.verdict is Verdict.NOT_EVALUATED else ""
    return f"{unknown}{finding.message} (line {finding.line}); {finding.remedy}"


def check_id(control: AnyControl) -> str:
    """``CKV_READINESS_D3_READINESS_PROBE``: Checkov takes ids for namespaces unless they have an underscore."""
    return "CKV_READINESS_" + control.id.upper().replace(".", "_").replace("-", "_")


def guideline(control: AnyControl) -> str:
    """Where the demand comes from; an address if there is one, as reports make a link of it."""
    return next((one for one in control.sources if one.startswith("https://")), control.sources[0])
