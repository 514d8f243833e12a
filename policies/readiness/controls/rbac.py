"""S1: in the cluster everybody may do what they need, and can neither take nor give more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import Resource, items, line_of, mappings
from readiness.facts.scalars import text

RBAC = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
GOOD_PRACTICE = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
GROUP = "rbac.authorization.k8s.io"
CHANGE = frozenset({"create", "update", "patch"})
READ = frozenset({"get", "list", "watch"})
EVERYBODY = {
    "system:anonymous": "whoever reaches the API server, without a name",
    "system:unauthenticated": "whoever reaches the API server, without a name",
    "system:authenticated": "every user and every pod",
    "system:serviceaccounts": "every pod of the cluster",
}
BROAD_ROLES = frozenset({"admin", "edit"})  # of the whole cluster; cluster-admin is broad in a namespace, too


@dataclass(frozen=True)
class Power:
    """A right that leads to more rights.

    Attributes:
        what: what whoever has it can do.
        group: API group of the resources.
        resources: to which it applies.
        verbs: any of which gives it.
        whole: it is one only when no ``resourceNames`` limit it.
    """

    what: str
    group: str
    resources: frozenset[str]
    verbs: frozenset[str]
    whole: bool


def power(what: str, group: str, resources: str, verbs: Iterable[str], whole: bool = False) -> Power:
    return Power(what, group, frozenset(resources.split()), frozenset(verbs), whole)


BINDINGS, ROLES = "rolebindings clusterrolebindings", "roles clusterroles"
POWERS = (
    power("act as others", "", "users groups serviceaccounts", ["impersonate"]),
    power("bind roles it does not have", GROUP, ROLES, ["bind"]),
    power("write rights it does not have into roles", GROUP, ROLES, ["escalate"]),
    power("change who has which role", GROUP, BINDINGS, CHANGE),
    power("make tokens of service accounts", "", "serviceaccounts/token", ["create"]),
    power("read all Secrets", "", "secrets", READ, whole=True),
    power("run commands in pods", "", "pods/exec pods/attach", ["create", "get"]),
    power("put containers into running pods", "", "pods/ephemeralcontainers", ["update", "patch"]),
    power("pass by the API server to the kubelet", "", "nodes/proxy", ["get", "create"]),
    power("make volumes of the nodes' folders", "", "persistentvolumes", ["create"]),
    power("approve certificates", "certificates.k8s.io", "certificatesigningrequests/approval", ["update", "patch"]),
    power(
        "read and change every request to the API server",
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations validatingwebhookconfigurations",
        CHANGE,
    ),
)


def roles(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("Role", "ClusterRole", group=GROUP)


def bindings(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("RoleBinding", "ClusterRoleBinding", group=GROUP)


@control(
    id="S1.rbac-no-wildcards",
    title="Roles name what they allow, without wildcards",
    why="a wildcard also allows what is installed later, and with it most ways to more rights",
    remedy="name each: apiGroups: [apps], resources: [deployments], verbs: [get, list, watch]",
    severity="high",
    kind="resources",
    sources=("CIS Kubernetes Benchmark 5.1.3", GOOD_PRACTICE),
    subjects=roles,
)
def no_wildcards(role: Resource, facts: Facts) -> Iterator[Problem]:
    for rule in mappings(role.body, "rules"):
        starred = [name for name in ("apiGroups", "resources", "verbs", "nonResourceURLs") if wild(items(rule, name))]
        if starred:
            yield Problem(f"a rule has a wildcard in {' and '.join(starred)}", line_of(rule))


def wild(values: list[Any]) -> bool:
    """One of them is ``*``, or everything under ``*/`` as in ``*/scale``, or all URLs."""
    return any(value in ("*", "/*") or str(value).startswith("*/") for value in values)


@control(
    id="S1.rbac-no-escalation",
    title="No role holds a right that leads to more rights",
    why="whoever takes over a process with such a right has the cluster, however short its list of rights looks",
    remedy="delete the rule; to read one Secret: resources: [secrets], verbs: [get], resourceNames: [NAME]",
    severity="critical",
    kind="resources",
    sources=("CIS Kubernetes Benchmark 5.1.2, 5.1.8 to 5.1.13", GOOD_PRACTICE),
    subjects=roles,
)
def no_escalation(role: Resource, facts: Facts) -> Iterator[Problem]:
    for rule in mappings(role.body, "rules"):
        for one in POWERS:
            if given(one, rule):
                yield Problem(f"a rule lets whoever has the role {one.what}", line_of(rule))


def given(one: Power, rule: dict[str, Any]) -> bool:
    """A rule gives a power by name. Wildcards are another control's matter."""
    return (
        one.group in items(rule, "apiGroups")
        and any(name in one.resources for name in items(rule, "resources"))
        and any(verb in one.verbs for verb in items(rule, "verbs"))
        and not (one.whole and items(rule, "resourceNames"))
    )


@control(
    id="S1.rbac-no-broad-binding",
    title="Nobody is bound to a role that allows everything, and no role to everybody",
    why="cluster-admin and its like allow all that the cluster has, and a group of everybody holds the intruder too",
    remedy="write a Role with the rights that are used, and bind it to one service account or group",
    severity="critical",
    kind="resources",
    sources=("CIS Kubernetes Benchmark 5.1.1", RBAC),
    subjects=bindings,
)
def no_broad_binding(binding: Resource, facts: Facts) -> Iterator[Problem]:
    role = text(binding.body, "roleRef", "name")
    if role == "cluster-admin" or (role in BROAD_ROLES and binding.kind == "ClusterRoleBinding"):
        where = "in the whole cluster" if binding.kind == "ClusterRoleBinding" else "in its namespace"
        yield Problem(f"it gives {role}, which may do nearly everything {where}")
    for subject in mappings(binding.body, "subjects"):
        name = text(subject, "name")
        if name == "system:masters":
            yield Problem("it names system:masters, whose members no rule can limit", line_of(subject))
        elif name in EVERYBODY or name.startswith("system:serviceaccounts:"):
            whom = EVERYBODY.get(name, "every pod of a namespace")
            yield Problem(f"it gives {role} to {name}: {whom}", line_of(subject))


@control(
    id="S1.default-account-unbound",
    title="No role is bound to a default service account",
    why="every pod that names no account of its own has the default one, and so these rights",
    remedy="make a ServiceAccount for the workload, and bind the role to that",
    severity="high",
    kind="resources",
    sources=("CIS Kubernetes Benchmark 5.1.5", GOOD_PRACTICE),
    subjects=bindings,
)
def default_account_unbound(binding: Resource, facts: Facts) -> Iterator[Problem]:
    for subject in mappings(binding.body, "subjects"):
        if text(subject, "kind") == "ServiceAccount" and text(subject, "name") == "default":
            yield Problem("it gives its role to the default service account", line_of(subject))


CONTROLS = (no_wildcards, no_escalation, no_broad_binding, default_account_unbound)
