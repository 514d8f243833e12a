"""R4: what may be asked for at the most fits into what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import Resource, WrongShape, fields, line_of
from readiness.facts.scaling import number, scaler_of, scales_itself
from readiness.facts.selection import same_namespace
from readiness.facts.workloads import Workload

QUOTAS = "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|[MGTPE]|[KMGTPE]i)?")
UNITS = {None: 1.0, "m": 0.001, "k": 1e3} | {
    letter + suffix: base**power
    for power, letter in enumerate("KMGTPE", start=1)
    for suffix, base in (("", 1000.0), ("i", 1024.0))
}
BOUND = (  # what a quota calls it, and where a container says how much
    ("cpu", "requests", "cpu"),
    ("memory", "requests", "memory"),
    ("requests.cpu", "requests", "cpu"),
    ("requests.memory", "requests", "memory"),
    ("limits.cpu", "limits", "cpu"),
    ("limits.memory", "limits", "memory"),
)


def quotas(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("ResourceQuota", group="")


@control(
    id="R4.quota-holds",
    title="All copies that autoscaling may ask for fit into the quota of their namespace",
    why="beyond the quota the autoscaler adds copies that are never made, in the very rush that it was set up for",
    remedy="kubectl describe resourcequota -n NAMESPACE, then raise the quota or lower maxReplicas",
    severity="high",
    kind="resources",
    sources=(QUOTAS,),
    subjects=quotas,
)
def quota_holds(quota: Resource, facts: Facts) -> Iterator[Problem]:
    hard = fields(quota.spec, "hard")
    inside = [one for one in facts.workloads if one.serves and same_namespace(quota, one.resource)]
    for key, kind, resource in BOUND:
        if key in hard:
            need = sum(most_copies(one, facts) * of_pod(one, kind, resource) for one in inside)
            if need > quantity(hard[key]):
                message = f"{len(inside)} workloads at their most need {need:g} of {key}, and the quota is {hard[key]}"
                yield Problem(message, line_of(hard))
    if "pods" in hard:
        pods = sum(most_copies(one, facts) for one in inside)
        if pods > quantity(hard["pods"]):
            yield Problem(
                f"{len(inside)} workloads at their most are {pods} pods; the quota is {hard['pods']}", line_of(hard)
            )


def most_copies(workload: Workload, facts: Facts) -> int:
    """The most copies that there may be at once, without those of a release."""
    if scales_itself(workload):
        return number(workload.pod, "maxReplicas", 1)
    scaler = scaler_of(workload, facts)
    return scaler.most if scaler else number(workload.resource.spec, "replicas", 1)


def of_pod(workload: Workload, kind: str, resource: str) -> float:
    """What the containers of one pod request, or are limited to, together."""
    own = (one.body for one in workload.sidecars_and_main)
    return sum(quantity(fields(one, "resources", kind).get(resource, 0)) for one in own)


def quantity(value: Any) -> float:
    """A quantity of Kubernetes as a number: ``500m`` is 0.5, ``1Gi`` is 1073741824.

    Raises:
        WrongShape: it is none.
    """
    match = QUANTITY.fullmatch(str(value))
    if match is None:
        raise WrongShape(f"{value!r} is no quantity such as 500m or 1Gi")
    return float(match[1]) * UNITS[match[2]]


CONTROLS = (quota_holds,)
