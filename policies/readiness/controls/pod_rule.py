"""What the controls of the Pod Security Standards share: they look at every pod template, whatever kind holds it.

All of them belong to S3, as the standard is about what a pod can reach beside its own processes. There is one control
for each rule, and no two refuse the same value: a pod meets `baseline` when the controls of ``pod_host`` and
``pod_kernel`` pass, and `restricted` when those of ``pod_restricted`` pass as well. They demand what the admission
controller of Kubernetes 1.34 demands; tests/policies/test_pod_security.py compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from readiness.control import Control, Problem, Severity, control
from readiness.facts import Facts
from readiness.facts.resources import fields, line_of
from readiness.facts.scalars import text
from readiness.facts.workloads import Workload

STANDARD = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
Judge = Callable[[Workload, Facts], Iterable[Problem]]


def pod_rule(
    *, id: str, title: str, why: str, remedy: str, severity: Severity, needs: str = ""
) -> Callable[[Judge], Control[Workload]]:
    """Makes a control of one rule of the standard."""
    return control(
        id=id,
        title=title,
        why=why,
        remedy=remedy,
        severity=severity,
        kind="resources",
        sources=(STANDARD,),
        subjects=lambda facts: facts.workloads,
        needs=needs,
        alone=True,
    )


def contexts(workload: Workload, *path: str) -> Iterator[tuple[str, dict[str, object], int]]:
    """Each security context, that of the pod first: whose it is, the mapping at a path in it, and the line.

    What is not set gives an empty mapping.
    """
    yield "the pod", fields(workload.pod, "securityContext", *path), workload.line
    for one in workload.containers:
        found = fields(one.body, "securityContext", *path)
        yield f"container {one.name}", found, line_of(found) or one.line


def profiles(workload: Workload, name: str) -> Iterator[tuple[str, str | None, int]]:
    """Each place of a profile like ``seccompProfile``: whose it is, the type or None without a profile, the line."""
    for who, context, line in contexts(workload):
        profile = context.get(name)
        yield who, None if profile is None else text(profile, "type"), line_of(profile) or line


def windows(workload: Workload) -> bool:
    """The pod is for Windows, which has none of Linux's privileges to give up."""
    return text(workload.pod, "os", "name") == "windows"
