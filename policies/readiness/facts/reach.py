"""What callers reach: Services, and the workloads behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from readiness.facts import Facts
from readiness.facts.resources import Resource, fields
from readiness.facts.scaling import has_copies
from readiness.facts.selection import equal_labels, matching, same_namespace
from readiness.facts.selectors import Selected, Selecting, known
from readiness.facts.workloads import Workload


def services(facts: Facts) -> Iterator[Resource]:
    """The Services of Kubernetes itself; Knative has a kind of the same name."""
    return facts.resources.of("Service", group="")


def wanted(service: Resource) -> dict[str, Any]:
    return fields(service.spec, "selector")


def labels(workload: Workload) -> dict[str, Any]:
    return workload.pod_labels


def by_wanted(facts: Facts) -> Selecting[Resource]:
    return Selecting(services(facts), lambda one: one.namespace, wanted)


def by_labels(facts: Facts) -> Selected[Workload]:
    return Selected(facts.workloads, lambda one: one.resource.namespace, labels)


def leads(service: Resource, workload: Workload) -> bool:
    """A Service selects a workload's pods."""
    return same_namespace(service, workload.resource) and equal_labels(wanted(service), labels(workload))


def behind(service: Resource, facts: Facts) -> list[Workload]:
    """The workloads whose pods a Service selects. Raises ``UnknownValue`` if that cannot be told."""
    candidates = facts.once(by_labels).by(service.namespace, known(wanted, service))
    return matching(candidates, lambda one: leads(service, one))


def reached(workload: Workload, facts: Facts) -> list[Resource]:
    """The Services that select a workload. Raises ``UnknownValue`` if that cannot be told."""
    candidates = facts.once(by_wanted).of(workload.resource.namespace, known(labels, workload))
    return matching(candidates, lambda one: leads(one, workload))


def scalable(facts: Facts) -> Iterator[Workload]:
    """The workloads of which there may be several copies."""
    return (one for one in facts.workloads if has_copies(one))


def keeps_one_volume(workload: Workload) -> bool:
    """It is recreated rather than rolled, as what keeps a lock or a disk must be: two versions never run at once."""
    return bool(fields(workload.resource.spec, "strategy").get("type") == "Recreate")


def declared_ports(workload: Workload) -> tuple[set[Any], set[str]]:
    """The numbers and the names of the ports that a workload's containers declare."""
    ports = [port for one in workload.containers for port in one.body.get("ports") or []]
    return {port.get("containerPort") for port in ports}, {str(port["name"]) for port in ports if port.get("name")}
