"""D3: a copy gets traffic only while it can answer, is restarted when stuck, and finishes its work before it goes."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.workloads import Container


def serving(facts: Facts) -> Iterator[Container]:
    """The main containers of workloads that run for ever."""
    return (one for one in facts.containers if one.role == "containers" and one.workload.serves)


@control(
    id="D3.readiness-probe",
    title="Every serving container has a readiness probe",
    why="without it a pod gets requests before its model is loaded, and keeps getting them while it cannot answer",
    remedy="readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 5}",
    severity="high",
    kind="resources",
    sources=("https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",),
    subjects=serving,
    needs="a workload that serves (Deployment, Rollout, InferenceService, …)",
)
def readiness_probe(container: Container, facts: Facts) -> Iterator[Problem]:
    if not container.body.get("readinessProbe"):
        yield Problem(f"container {container.name} has no readinessProbe")


CONTROLS = (readiness_probe,)
