"""R1: the loss of a node or a zone leaves copies that answer, and a node can still be emptied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.reach import by_labels, labels, scalable
from readiness.facts.resources import Resource, WrongShape, fields, follow, line_of, mappings
from readiness.facts.scaling import least_copies, scales_itself
from readiness.facts.selection import matching, same_namespace, selects
from readiness.facts.selectors import Selecting, known
from readiness.facts.workloads import Workload

BUDGETS = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
SPREAD = "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/"
LIVE = ("staging", "prod")


def budgets(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("PodDisruptionBudget", group="policy")


def several(facts: Facts) -> Iterator[Workload]:
    """What can have several copies and leaves it to us how they are placed."""
    return (one for one in scalable(facts) if not scales_itself(one))


def guards(budget: Resource, workload: Workload) -> bool:
    selector = follow(budget.spec, ("selector",))
    chosen = selector is not None and selects(fields(budget.spec, "selector"), workload.pod_labels)
    return chosen and same_namespace(budget, workload.resource)


def wanted(budget: Resource) -> dict[str, Any]:
    return fields(budget.spec, "selector", "matchLabels")


def by_wanted(facts: Facts) -> Selecting[Resource]:
    return Selecting(budgets(facts), lambda one: one.namespace, wanted)


def guarding(workload: Workload, facts: Facts) -> list[Resource]:
    """The budgets that select its pods. Raises ``UnknownValue`` if that cannot be told."""
    candidates = facts.once(by_wanted).of(workload.resource.namespace, known(labels, workload))
    return matching(candidates, lambda one: guards(one, workload))


def guarded(budget: Resource, facts: Facts) -> list[Workload]:
    """The workloads whose pods it selects. Raises as above."""
    candidates = facts.once(by_labels).by(budget.namespace, known(wanted, budget))
    return matching(candidates, lambda one: guards(budget, one))


@control(
    id="R1.budget",
    title="Every workload with several copies has a disruption budget",
    why="without one the drain of nodes in an upgrade may stop all copies at once",
    remedy="kubectl create poddisruptionbudget NAME --selector=app.kubernetes.io/name=NAME --max-unavailable=1 "
    "--dry-run=client -o yaml",
    severity="high",
    kind="resources",
    sources=(BUDGETS,),
    subjects=several,
    environments=LIVE,
)
def budget(workload: Workload, facts: Facts) -> Iterator[Problem]:
    found = guarding(workload, facts)
    if not found and least_copies(workload, facts) > 1:
        yield Problem(f"no PodDisruptionBudget in namespace {workload.resource.namespace} selects its pods")
    if len(found) > 1:
        names = " and ".join(sorted(one.label for one in found))
        yield Problem(f"{names} select the same pods: Kubernetes then refuses to evict any of them")


@control(
    id="R1.budget-selects",
    title="Every disruption budget selects the pods of some workload",
    why="a budget that selects nothing protects nothing, and one that selects all pods guards what it was not made for",
    remedy="selector: {matchLabels: {…}}, with the labels of the pod template",
    severity="high",
    kind="resources",
    sources=(BUDGETS,),
    subjects=budgets,
)
def budget_selects(budget: Resource, facts: Facts) -> Iterator[Problem]:
    if not guarded(budget, facts):
        yield Problem(f"no workload in namespace {budget.namespace} makes pods that it selects")


@control(
    id="R1.budget-allows-drain",
    title="Every disruption budget lets at least one pod go",
    why="one that lets none go blocks every drain: nodes cannot be upgraded until somebody deletes it in a hurry",
    remedy="maxUnavailable: 1 instead of minAvailable",
    severity="high",
    kind="resources",
    sources=(BUDGETS,),
    subjects=budgets,
)
def budget_allows_drain(budget: Resource, facts: Facts) -> Iterator[Problem]:
    most, least = budget.spec.get("maxUnavailable"), budget.spec.get("minAvailable")
    if most is None and least is None:
        yield Problem("it sets neither maxUnavailable nor minAvailable, so it protects nothing")
        return
    for workload in guarded(budget, facts):
        copies = least_copies(workload, facts)
        may_go = (
            share(most, copies, "maxUnavailable") if most is not None else copies - share(least, copies, "minAvailable")
        )
        if may_go < 1:
            told = f"maxUnavailable {most}" if most is not None else f"minAvailable {least}"
            yield Problem(f"{told} of as few as {copies} copies of {workload.label} lets none go", line_of(budget.spec))


def share(value: Any, copies: int, key: str) -> int:
    """A number of pods, or a percentage of them rounded up, as Kubernetes does."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit():
        return math.ceil(copies * int(value[:-1]) / 100)
    raise WrongShape(f"{key} is {value!r}, where a number or a percentage must stand")


@control(
    id="R1.spread",
    title="Every workload with several copies spreads them over nodes and zones",
    why="copies that happen to share a node or a zone go down with it together",
    remedy="topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
    "ScheduleAnyway, labelSelector: {…}}]",
    severity="medium",
    kind="resources",
    sources=(SPREAD,),
    subjects=several,
    environments=LIVE,
)
def spread(workload: Workload, facts: Facts) -> Iterator[Problem]:
    rules = list(placement(workload))
    if not rules:
        if least_copies(workload, facts) > 1:
            yield Problem("neither topologySpreadConstraints nor podAntiAffinity spreads its pods")
        return
    if not any(selects(fields(rule, "labelSelector"), workload.pod_labels) for rule in rules):
        yield Problem("its rules of placement select other pods than its own", line_of(rules[0]))


def placement(workload: Workload) -> Iterator[dict[str, Any]]:
    """The rules that keep pods apart."""
    yield from mappings(workload.pod, "topologySpreadConstraints")
    apart = fields(workload.pod, "affinity", "podAntiAffinity")
    yield from mappings(apart, "requiredDuringSchedulingIgnoredDuringExecution")
    for one in mappings(apart, "preferredDuringSchedulingIgnoredDuringExecution"):
        yield fields(one, "podAffinityTerm")


CONTROLS = (budget, budget_selects, budget_allows_drain, spread)
