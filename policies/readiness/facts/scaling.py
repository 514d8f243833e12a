"""How many copies of a workload there are, and what changes their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.facts import Facts
from readiness.facts.resources import Part, Resource, WrongShape, fields
from readiness.facts.selection import matching, same_namespace
from readiness.facts.selectors import Selected, Selecting, known
from readiness.facts.workloads import Workload

SCALABLE = ("Deployment", "StatefulSet", "Rollout", "ReplicaSet")
KNATIVE = "serving.knative.dev"
KNATIVE_LEAST = ("autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/minScale")
HPA, KEDA = "HorizontalPodAutoscaler", "ScaledObject"
KEDA_MOST = 100  # KEDA's default for maxReplicaCount


@dataclass(frozen=True)
class Scaler(Part):
    """A HorizontalPodAutoscaler, or a ScaledObject of KEDA."""

    @property
    def target(self) -> tuple[str, str]:
        """Kind and name of what it scales; KEDA takes a Deployment for granted."""
        target = fields(self.resource.spec, "scaleTargetRef")
        return str(target.get("kind") or ("Deployment" if self.resource.kind == KEDA else "")), str(target.get("name"))

    @property
    def least(self) -> int:
        if self.resource.kind == KEDA:
            return number(self.resource.spec, "minReplicaCount", 0)
        return number(self.resource.spec, "minReplicas", 1)

    @property
    def most(self) -> int:
        if self.resource.kind == KEDA:
            return number(self.resource.spec, "maxReplicaCount", KEDA_MOST)
        return number(self.resource.spec, "maxReplicas", 0)

    def scales(self, other: Resource) -> bool:
        return same_namespace(self.resource, other) and self.target == (other.kind, other.name)


def scalers(facts: Facts) -> Iterator[Scaler]:
    """Every autoscaler."""
    return (Scaler(one) for one in facts.resources.of(HPA, KEDA))


def scalers_of(resource: Resource, facts: Facts) -> list[Scaler]:
    """What scales a resource. Raises ``UnknownValue`` if that cannot be told."""
    candidates = facts.once(by_target).of(resource.namespace, {resource.kind: resource.name})
    return matching(candidates, lambda one: one.scales(resource))


def scaler_of(workload: Workload, facts: Facts) -> Scaler | None:
    """The first that scales a workload. Raises as ``scalers_of`` does."""
    return next(iter(scalers_of(workload.resource, facts)), None)


def scaled_by(scaler: Scaler, facts: Facts) -> list[Workload]:
    """The workloads that it scales. Raises ``UnknownValue`` if that cannot be told."""
    candidates = facts.once(by_name).by(scaler.resource.namespace, known(target, scaler))
    return matching(candidates, lambda one: scaler.scales(one.resource))


def target(scaler: Scaler) -> dict[str, Any]:
    """What it scales, in the form of a label, as what finds labels finds names as well."""
    return dict([scaler.target])


def by_target(facts: Facts) -> Selecting[Scaler]:
    return Selecting(scalers(facts), lambda one: one.resource.namespace, target)


def by_name(facts: Facts) -> Selected[Workload]:
    return Selected(
        facts.workloads, lambda one: one.resource.namespace, lambda one: {one.resource.kind: one.resource.name}
    )


def least_copies(workload: Workload, facts: Facts) -> int:
    """The fewest copies that a workload has in normal operation."""
    if workload.resource.kind == "InferenceService":
        return number(workload.pod, "minReplicas", 1)
    if workload.resource.group == KNATIVE:
        annotations = fields(workload.template, "metadata", "annotations")
        return int(next((annotations[key] for key in KNATIVE_LEAST if key in annotations), 0))
    scaler = scaler_of(workload, facts)
    return scaler.least if scaler else number(workload.resource.spec, "replicas", 1)


def scales_itself(workload: Workload) -> bool:
    """Its kind brings an autoscaler: Knative, and KServe on top of it."""
    return workload.resource.kind == "InferenceService" or workload.resource.group == KNATIVE


def has_copies(workload: Workload) -> bool:
    """There may be several copies of it, and somebody says how many."""
    return workload.resource.kind in SCALABLE or scales_itself(workload)


def number(holder: dict[str, Any], key: str, default: int) -> int:
    """A whole number. Raises ``WrongShape`` if something else stands there."""
    value = holder.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongShape(f"{key} is {value!r}, where a whole number must stand")
    return value
