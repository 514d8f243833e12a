"""R4 and S3: a container takes what it was given, and changes nothing of what it was built as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.pods import running
from readiness.facts.resources import fields
from readiness.facts.scalars import flag
from readiness.facts.workloads import Container

RESOURCES = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
# What is only limited Kubernetes requests as well. A limit of CPU is not asked for: it slows a container down on an
# idle node, and protects nobody whom requests do not protect already.
NEEDED = {
    "requests.cpu": ("cpu", ("requests", "limits")),
    "requests.memory": ("memory", ("requests", "limits")),
    "limits.memory": ("memory", ("limits",)),
}


def containers(facts: Facts) -> Iterable[Container]:
    return (container for workload in running(facts.workloads) for container in workload.containers)


@control(
    id="R4.requests-and-limits",
    title="Every container requests CPU and memory, and has a limit of memory",
    why="without requests the scheduler and autoscalers count it as nothing; without a limit one leak takes the node",
    remedy="resources: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 512Mi}}, as a load test showed",
    severity="high",
    kind="resources",
    sources=(RESOURCES, "NSA/CISA Kubernetes Hardening Guide: resource policies"),
    subjects=containers,
    alone=True,
)
def requests_and_limits(container: Container, facts: Facts) -> Iterator[Problem]:
    given = (fields(container.body, "resources"), fields(container.workload.pod, "resources"))
    missing = [
        label
        for label, (name, parts) in NEEDED.items()
        if not any(fields(one, part).get(name) for one in given for part in parts)
    ]
    if missing:
        yield Problem(f"container {container.name} has no {', '.join(missing)}")


@control(
    id="S3.read-only-root",
    title="No container can write to its own image",
    why="an intruder who can write there can put tools and changed code where they are run",
    remedy="securityContext: {readOnlyRootFilesystem: true}, and an emptyDir for each folder that is written to",
    severity="medium",
    kind="resources",
    sources=("NSA/CISA Kubernetes Hardening Guide: immutable container file systems",),
    subjects=containers,
    alone=True,
)
def read_only_root(container: Container, facts: Facts) -> Iterator[Problem]:
    if flag(container.body, "securityContext", "readOnlyRootFilesystem") is not True:
        yield Problem(f"container {container.name} does not set readOnlyRootFilesystem: true")


CONTROLS = (requests_and_limits, read_only_root)
