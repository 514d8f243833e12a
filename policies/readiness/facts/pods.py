"""What a workload's pods are called, beyond what its manifest says: labels that an operator adds."""

from __future__ import annotations

from typing import Any

from readiness.facts.workloads import Workload

MAKE_NO_PODS = frozenset({"PodTemplate", "ServingRuntime", "ClusterServingRuntime"})


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
