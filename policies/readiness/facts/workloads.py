"""Workloads: whatever holds a pod template, of built-in kinds and of custom ones, in one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from readiness.facts.resources import Part, Resource, Resources, WrongShape, fields, follow, line_of, mappings
from readiness.facts.unknown import UNKNOWN, RefusedFields, UnknownValue

MOST_DEPTH = 12
RUN_TO_COMPLETION = frozenset({"Job", "CronJob", "ScaledJob", "Workflow", "CronWorkflow", "RayJob", "TaskRun"})
NO_WORKLOADS = frozenset({"CustomResourceDefinition", "ConfigMap", "Secret", "PrometheusRule", "AnalysisTemplate"})
USUAL_PLACES = {
    "Pod": "spec",
    "PodTemplate": "template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
    "ScaledJob": "spec.jobTargetRef.template.spec",
} | dict.fromkeys(
    ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Rollout"),
    "spec.template.spec",
)
LIKE_A_CONTAINER = frozenset({"name", "image", "command", "args", "ports", "env", "resources"})
KSERVE_OLD_STYLE = ("sklearn", "xgboost", "lightgbm", "tensorflow", "pytorch", "onnx", "triton", "huggingface", "pmml")
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Container:
    """One container of a pod template, with the workload it belongs to."""

    workload: Workload
    role: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("name", "(no name)"))

    @property
    def label(self) -> str:
        return self.workload.label

    @property
    def file(self) -> str:
        return self.workload.file

    @property
    def line(self) -> int:
        return line_of(self.body) or self.workload.line


@dataclass(frozen=True)
class Workload(Part):
    """A pod template and the resource that makes pods of it.

    Attributes:
        resource: the Deployment, Rollout, InferenceService, …
        template: the mapping that holds ``metadata`` and ``spec`` of the pods; of a bare Pod the Pod itself.
        pod: the pod's spec.
        path: where the pod's spec stands in the resource, such as ``spec.template.spec``.
    """

    template: dict[str, Any]
    pod: dict[str, Any]
    path: str

    @property
    def line(self) -> int:
        return line_of(self.pod) or self.resource.line

    @property
    def pod_labels(self) -> dict[str, Any]:
        """Labels of the pods, by which Services, budgets and policies select them."""
        return fields(self.template, "metadata", "labels")

    @property
    def serves(self) -> bool:
        """It runs for ever, rather than to completion."""
        return self.resource.kind not in RUN_TO_COMPLETION

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Init containers first, then the others. Where they cannot be told, one whose reading raises why."""
        try:
            return tuple(Container(self, role, body) for role, body in self.listed())
        except (UnknownValue, WrongShape) as reason:
            return (Container(self, "containers", RefusedFields(reason, self.line)),)

    def listed(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for role in CONTAINER_LISTS:
            for body in mappings(self.pod, role):
                yield role, body
        if self.resource.kind == "InferenceService":  # KServe completes a "model" to a container
            for framework in ("model", *KSERVE_OLD_STYLE):
                if self.pod.get(framework) is not None:
                    yield "model", fields(self.pod, framework)

    @property
    def sidecars_and_main(self) -> Iterator[Container]:
        """What runs as long as the pod: init containers with ``restartPolicy: Always``, and all others."""
        for one in self.containers:
            if one.role == "containers" or (one.role == "initContainers" and one.body.get("restartPolicy") == "Always"):
                yield one


def workloads(resources: Resources) -> Iterator[Workload]:
    """Every workload among the resources."""
    for resource in resources.all:
        if resource.provider == "kubernetes":
            yield from of_resource(resource)


def of_resource(resource: Resource) -> Iterator[Workload]:
    """The pod templates of one resource: none, one, or several as in a RayCluster."""
    if resource.kind in NO_WORKLOADS:
        return
    found = list(templates(resource, resource.body, {}, "", 0))
    if found or resource.kind not in USUAL_PLACES or "workloadRef" in dict(dict.items(resource.body)).get("spec", ()):
        yield from found
        return
    yield refused(resource)


def refused(resource: Resource) -> Workload:
    """A workload whose pods cannot be told: unknown yet, or not there."""
    path = USUAL_PLACES[resource.kind]
    reason: Exception = WrongShape(f"{path} has no containers")
    try:
        follow(resource.body, path.split("."))
    except (UnknownValue, WrongShape) as error:
        reason = error
    nothing = RefusedFields(reason, resource.line)
    return Workload(resource, nothing, nothing, path)


def templates(
    resource: Resource, holder: dict[str, Any], above: dict[str, Any], path: str, depth: int
) -> Iterator[Workload]:
    """Looks for pod specs by their shape, as custom kinds keep them in places of their own."""
    if is_pod_spec(resource, holder, path):
        yield Workload(resource, above, holder, path)
        return
    if depth >= MOST_DEPTH:
        return
    for key, value in dict.items(holder):
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict):
            yield from templates(resource, value, holder, where, depth + 1)
        elif isinstance(value, list):
            for place, entry in enumerate(list.__iter__(value)):
                if isinstance(entry, dict):
                    yield from templates(resource, entry, holder, f"{where}[{place}]", depth + 1)


def is_pod_spec(resource: Resource, holder: dict[str, Any], path: str) -> bool:
    """It lists containers, or is known to. A part of a KServe InferenceService may name a model instead."""
    if resource.kind == "InferenceService":
        return path in ("spec.predictor", "spec.transformer", "spec.explainer")
    found = dict.get(holder, "containers")
    if found is UNKNOWN:
        return True
    if not isinstance(found, list):
        return path == USUAL_PLACES.get(resource.kind) and found is not None
    return any(
        entry is UNKNOWN or (isinstance(entry, dict) and LIKE_A_CONTAINER & entry.keys())
        for entry in list.__iter__(found)
    )
