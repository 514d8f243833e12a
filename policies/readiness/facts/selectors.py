"""Label selectors: which pods a policy, a budget, a Service or a binding of labels speaks of."""

from __future__ import annotations

from typing import Any

from readiness.facts.resources import WrongShape, fields, items, mappings
from readiness.facts.scalars import text
from readiness.facts.workloads import Workload

MAKE_NO_PODS = frozenset({"PodTemplate", "ServingRuntime", "ClusterServingRuntime"})


def selects(selector: dict[str, Any], labels: dict[str, Any]) -> bool:
    """A selector with ``matchLabels`` and ``matchExpressions`` selects these labels; an empty one selects all.

    Raises:
        WrongShape: it has an operator that there is not.
        UnknownValue: a label that decides is not known.
    """
    wanted = fields(selector, "matchLabels")
    return all(labels.get(key) == wanted[key] for key in dict.keys(wanted)) and all(
        holds(one, labels) for one in mappings(selector, "matchExpressions")
    )


def holds(expression: dict[str, Any], labels: dict[str, Any]) -> bool:
    operator, value = text(expression, "operator"), labels.get(text(expression, "key"))
    values = items(expression, "values")
    match operator:
        case "In":
            return value is not None and value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise WrongShape(f"operator is {operator!r}, where In, NotIn, Exists or DoesNotExist must stand")


def labels_of(workload: Workload) -> dict[str, Any]:
    """The labels of a workload's pods: those of its template, and those that its operator is known to add."""
    own, name = workload.pod_labels, workload.resource.name
    match workload.resource.kind:
        case "Job":
            added = {"job-name": name, "batch.kubernetes.io/job-name": name}
        case "RayCluster":
            added = {"ray.io/cluster": name}
        case "Service":
            added = {"serving.knative.dev/service": name}
        case "InferenceService":
            own = own or workload.resource.labels
            added = {"serving.kserve.io/inferenceservice": name}
        case _:
            return own
    return type(own)({**dict(dict.items(own)), **added})


def running(workloads: tuple[Workload, ...]) -> tuple[Workload, ...]:
    """The workloads that pods come of: a mere template, such as a ServingRuntime, has none until it is used."""
    return tuple(one for one in workloads if one.resource.kind not in MAKE_NO_PODS)
