"""S3: between pods, traffic is denied unless a rule names both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_interface
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.pods import labels_of, running
from readiness.facts.resources import Resource, fields, items, line_of, mappings
from readiness.facts.scalars import text
from readiness.facts.selection import matching, same_namespace, selects
from readiness.facts.selectors import Selected, Selecting, known
from readiness.facts.workloads import Workload

POLICIES = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
GROUP = "networking.k8s.io"
SELECTORS = ("namespaceSelector", "podSelector")
LEAST_PREFIX = 8  # bits: the largest private blocks are 10.0.0.0/8 and fd00::/8; anything larger is the internet
DENY = """kubectl apply -f - <<'Y'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-by-default, namespace: NAMESPACE}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
Y"""


def every_pod(facts: Facts) -> Iterable[Workload]:
    return running(facts.workloads)


def policies(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("NetworkPolicy", group=GROUP)


def directions(policy: Resource) -> list[str]:
    """In which directions a policy denies by default: if it does not say, in, and out when it has rules for that."""
    named = items(policy.spec, "policyTypes")
    return named or ["Ingress", *(["Egress"] if items(policy.spec, "egress") else [])]


def wanted(policy: Resource) -> dict[str, Any]:
    return fields(policy.spec, "podSelector", "matchLabels")


def by_labels(facts: Facts) -> Selecting[Resource]:
    return Selecting(policies(facts), lambda one: one.namespace, wanted)


def pods_by_labels(facts: Facts) -> Selected[Workload]:
    return Selected(running(facts.workloads), lambda one: one.resource.namespace, labels_of)


def isolated(workload: Workload, facts: Facts, direction: str) -> bool:
    """A policy of its namespace selects the pods and denies in this direction. Raises if that cannot be told."""

    def denies(policy: Resource) -> bool:
        if not same_namespace(policy, workload.resource) or direction not in directions(policy):
            return False
        return selects(fields(policy.spec, "podSelector"), labels_of(workload))

    labels = known(labels_of, workload)
    return bool(matching(facts.once(by_labels).of(workload.resource.namespace, labels), denies))


@control(
    id="S3.ingress-denied",
    title="What comes in to a pod is denied unless a network policy allows it",
    why="without a policy that selects them, pods answer every other pod of the cluster, an intruder's too",
    remedy=DENY,
    severity="high",
    kind="resources",
    sources=(POLICIES, "NSA/CISA Kubernetes Hardening Guide: network separation"),
    subjects=every_pod,
)
def ingress_denied(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if not isolated(workload, facts, "Ingress"):
        yield Problem(f"no NetworkPolicy of namespace {workload.resource.namespace} denies what comes in to its pods")


@control(
    id="S3.egress-denied",
    title="What goes out of a pod is denied unless a network policy allows it",
    why="a model server that may call anywhere can be made to send data out, and to fetch what attacks it",
    remedy=DENY,
    severity="high",
    kind="resources",
    sources=(POLICIES, "NSA/CISA Kubernetes Hardening Guide: network separation"),
    subjects=every_pod,
)
def egress_denied(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if not isolated(workload, facts, "Egress"):
        yield Problem(f"no NetworkPolicy of namespace {workload.resource.namespace} denies what goes out of its pods")


@control(
    id="S3.policy-names-peers",
    title="Every rule of a network policy names the other end",
    why="a rule that allows everybody undoes the denial of all other policies, as what one allows no other forbids",
    remedy="from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}, podSelector: …}]",
    severity="high",
    kind="resources",
    sources=(POLICIES,),
    subjects=policies,
)
def policy_names_peers(policy: Resource, facts: Facts) -> Iterator[Problem]:
    for rules, peers, whom in (("ingress", "from", "everybody in"), ("egress", "to", "everything out")):
        for rule in mappings(policy.spec, rules):
            named = mappings(rule, peers)
            if not named:
                yield Problem(f"a rule of {rules} without {peers!r} lets {whom}", line_of(rule))
            for peer in named:
                yield from too_broad(peer, rules, bool(items(rule, "ports")))


def too_broad(peer: dict[str, object], rules: str, ports: bool) -> Iterator[Problem]:
    """Says when a peer is everybody. The internet may be called, as no policy can name a host, but on named ports."""
    if peer.get("ipBlock") is not None:
        block = ip_interface(text(peer, "ipBlock", "cidr")).network
        if block.prefixlen < LEAST_PREFIX and (rules == "ingress" or not ports):
            yield Problem(f"a rule of {rules} allows {block}{'' if ports else ' on every port'}", line_of(peer))
    elif peer.get("namespaceSelector") is not None and all(everything(peer, selector) for selector in SELECTORS):
        yield Problem(f"a rule of {rules} allows every pod of every namespace", line_of(peer))


def everything(peer: dict[str, object], selector: str) -> bool:
    """A selector of a peer demands nothing, or there is none; ``{matchLabels: {}}`` is another way to write it."""
    return not fields(peer, selector, "matchLabels") and not items(peer, selector, "matchExpressions")


def aimed(facts: Facts) -> Iterator[Resource]:
    """Policies of namespaces whose workloads are known. What a chart makes is known only once it is rendered."""
    known = {one.resource.namespace for one in running(facts.workloads)}
    known -= {one.namespace for one in facts.resources.of("Release", "Chart", "HelmRelease")}
    return (one for one in policies(facts) if one.namespace in known)


@control(
    id="S3.policy-selects",
    title="Every network policy selects a pod",
    why="a policy whose labels no pod has protects nothing, and looks as if it did",
    remedy="make podSelector.matchLabels what the pod template has in metadata.labels, or {} for all pods",
    severity="medium",
    kind="resources",
    sources=(POLICIES,),
    subjects=aimed,
)
def policy_selects(policy: Resource, facts: Facts) -> Iterator[Problem]:
    selector = fields(policy.spec, "podSelector")

    def selected(one: Workload) -> bool:
        return same_namespace(policy, one.resource) and selects(selector, labels_of(one))

    candidates = facts.once(pods_by_labels).by(policy.namespace, known(wanted, policy))
    if not matching(candidates, selected):
        yield Problem(f"it selects no workload of namespace {policy.namespace}", line_of(selector))


CONTROLS = (ingress_denied, egress_denied, policy_names_peers, policy_selects)
