"""D2: several copies share the load, and their number follows it."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.reach import keeps_one_volume, reached, scalable
from readiness.facts.resources import fields, line_of, mappings
from readiness.facts.scaling import KEDA, Scaler, least_copies, scaled_by, scaler_of, scalers, scalers_of, scales_itself
from readiness.facts.selection import matching
from readiness.facts.workloads import Workload

AUTOSCALING = "https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/"
KEDA_SPEC = "https://keda.sh/docs/latest/reference/scaledobject-spec/"
A_WORKLOAD = "a workload that serves (Deployment, Rollout, InferenceService, …)"
LIVE = ("staging", "prod")


def all_scalers(facts: Facts) -> Iterator[Scaler]:
    return scalers(facts)


@control(
    id="D2.replicas",
    title="Every workload that serves has at least two copies",
    why="with one copy each restart, node drain and crash is an outage",
    remedy="replicas: 2 in the workload, or minReplicas: 2 in its autoscaler",
    severity="high",
    kind="resources",
    sources=("https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",),
    subjects=scalable,
    needs=A_WORKLOAD,
    environments=LIVE,
)
def replicas(workload: Workload, facts: Facts) -> Iterator[Problem]:
    copies = least_copies(workload, facts)
    if copies < 2:
        yield Problem(f"there may be as few as {copies} copies")


@control(
    id="D2.autoscaler",
    title="Every workload that callers reach is scaled by load",
    why="a fixed number of copies is too few in a rush and paid for in the night",
    remedy="kubectl autoscale deployment NAME --min=2 --max=10 --cpu-percent=70 --dry-run=client -o yaml",
    severity="high",
    kind="resources",
    sources=(AUTOSCALING,),
    subjects=lambda facts: (one for one in scalable(facts) if one.resource.kind not in ("StatefulSet", "ReplicaSet")),
    needs=A_WORKLOAD,
    environments=LIVE,
)
def autoscaler(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if scales_itself(workload) or keeps_one_volume(workload) or not reached(workload, facts):
        return
    if scaler_of(workload, facts) is None:
        yield Problem("neither a HorizontalPodAutoscaler nor a ScaledObject scales it")


@control(
    id="D2.scaler-target",
    title="Every autoscaler targets a workload that exists",
    why="an autoscaler without a target does nothing, and nobody notices until the load comes",
    remedy="scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: NAME}, with the workload's own kind and name",
    severity="high",
    kind="resources",
    sources=(AUTOSCALING, KEDA_SPEC),
    subjects=all_scalers,
)
def scaler_target(scaler: Scaler, facts: Facts) -> Iterator[Problem]:
    kind, name = scaler.target
    place = line_of(fields(scaler.resource.spec, "scaleTargetRef"))
    found = facts.resources.find(kind, scaler.resource.namespace, name)
    targets = [found] if found else matching(facts.resources.of(kind), scaler.scales)
    if not targets:
        yield Problem(f"there is no {kind} {name} in namespace {scaler.resource.namespace}", place)
        return
    rivals = scalers_of(targets[0], facts)
    if len(rivals) > 1:
        names = " and ".join(sorted(one.label for one in rivals))
        yield Problem(f"{names} scale the same {kind} and undo each other's work", place)


@control(
    id="D2.scaler-bounds",
    title="Every autoscaler has room to move, from two copies up",
    why="equal bounds scale nothing; one copy at the least is an outage with each restart",
    remedy="minReplicas: 2 and maxReplicas: 10 (KEDA: minReplicaCount and maxReplicaCount)",
    severity="high",
    kind="resources",
    sources=(AUTOSCALING, KEDA_SPEC),
    subjects=all_scalers,
    environments=LIVE,
)
def scaler_bounds(scaler: Scaler, facts: Facts) -> Iterator[Problem]:
    if scaler.least < 2:
        yield Problem(f"it may go down to {scaler.least} copies")
    if scaler.most <= scaler.least:
        yield Problem(f"it can never add a copy: at least {scaler.least}, at most {scaler.most}")


@control(
    id="D2.scaler-measures",
    title="Every autoscaler measures something that its pods can give",
    why="a share of requested CPU or memory is no number where nothing is requested: it then never scales",
    remedy="resources: {requests: {cpu: 500m, memory: 512Mi}} in every container of the pod",
    severity="high",
    kind="resources",
    sources=(AUTOSCALING,),
    subjects=all_scalers,
)
def scaler_measures(scaler: Scaler, facts: Facts) -> Iterator[Problem]:
    shares = shares_measured(scaler)
    if not shares:
        if not mappings(scaler.resource.spec, "triggers" if scaler.resource.kind == KEDA else "metrics"):
            yield Problem("it names no metric to scale by")
        return
    for workload in scaled_by(scaler, facts):
        for container in workload.containers:
            if container.role == "initContainers" and container.body.get("restartPolicy") != "Always":
                continue
            requested = fields(container.body, "resources", "requests") or fields(container.body, "resources", "limits")
            for share in sorted(shares - requested.keys()):
                yield Problem(
                    f"it scales by {share} used of {share} requested; container {container.name} requests none"
                )


def shares_measured(scaler: Scaler) -> set[str]:
    """The resources of which it measures the used share of what pods request."""
    if scaler.resource.kind == KEDA:
        triggers = [one for one in mappings(scaler.resource.spec, "triggers") if one.get("type") in ("cpu", "memory")]
        return {str(one["type"]) for one in triggers if one.get("metricType", "Utilization") == "Utilization"}
    measured = [one for one in mappings(scaler.resource.spec, "metrics") if one.get("type") == "Resource"]
    own = [fields(one, "resource") for one in measured]
    return {str(one.get("name")) for one in own if fields(one, "target").get("type") == "Utilization"}


CONTROLS = (replicas, autoscaler, scaler_target, scaler_bounds, scaler_measures)
