"""S1: each workload is somebody, and has a token for the API server only if it calls it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.rbac import bindings
from readiness.facts import Facts
from readiness.facts.pods import running
from readiness.facts.resources import Resource, WrongShape, mappings
from readiness.facts.scalars import flag, text
from readiness.facts.selection import matching
from readiness.facts.unknown import UnknownValue
from readiness.facts.workloads import Workload

TOKENS = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"


@control(
    id="S1.own-account",
    title="Every workload has a service account of its own",
    why="workloads that share the default account cannot be told apart, neither in a role nor in the audit log",
    remedy="make a ServiceAccount NAME, and in the pod's spec: serviceAccountName: NAME",
    severity="medium",
    kind="resources",
    sources=("CIS Kubernetes Benchmark 5.1.5", TOKENS),
    subjects=lambda facts: running(facts.workloads),
    alone=True,
)
def own_account(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if account(workload) == "default":
        yield Problem("its pods run as the default service account")


def account(workload: Workload) -> str:
    """The name of the pods' service account; ``serviceAccount`` is its old name."""
    return text(workload.pod, "serviceAccountName") or text(workload.pod, "serviceAccount") or "default"


@control(
    id="S1.no-idle-token",
    title="Only a workload that has rights in the cluster gets a token for it",
    why="a token is mounted unless that is declined; whoever reads a file of the pod can then speak to the API server",
    remedy="in the pod's spec: automountServiceAccountToken: false",
    severity="medium",
    kind="resources",
    sources=("CIS Kubernetes Benchmark 5.1.6", TOKENS),
    subjects=lambda facts: running(facts.workloads),
)
def no_idle_token(workload: Workload, facts: Facts) -> Iterator[Problem]:
    mounted = flag(workload.pod, "automountServiceAccountToken")
    name, namespace = account(workload), workload.resource.namespace
    if mounted is None:
        own = facts.resources.find("ServiceAccount", namespace, name)
        mounted = flag(own.body, "automountServiceAccountToken") if own else None
    candidates = facts.once(by_account).get(name, []) + facts.once(by_account).get("", [])
    if mounted is not False and not matching(candidates, lambda one: bound(one, name, namespace)):
        yield Problem(f"a token of {name} is mounted, but no role is bound to it")


def by_account(facts: Facts) -> dict[str, list[Resource]]:
    """Bindings by the service accounts they name; those of which that is not known by an empty name."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for binding in bindings(facts):
        try:
            names = {text(one, "name") for one in mappings(binding.body, "subjects")}
        except (UnknownValue, WrongShape):
            names = {""}
        for name in names:
            found[name].append(binding)
    return found


def bound(binding: Resource, name: str, namespace: str) -> bool:
    """A binding gives a role to this service account."""
    return any(
        text(one, "kind") == "ServiceAccount"
        and text(one, "name") == name
        and (text(one, "namespace") or binding.namespace) == namespace
        for one in mappings(binding.body, "subjects")
    )


CONTROLS = (own_account, no_idle_token)
