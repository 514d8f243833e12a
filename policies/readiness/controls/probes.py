"""D3: a copy gets traffic only while it can answer, is restarted when stuck, and ends its work before it goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import fields, line_of, mappings
from readiness.facts.scalars import text
from readiness.facts.scaling import KNATIVE, number
from readiness.facts.workloads import Container

PROBES = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
LIFECYCLE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
A_WORKLOAD = "a workload that serves (Deployment, Rollout, InferenceService, …)"
KINDS = ("startupProbe", "readinessProbe", "livenessProbe")
READY = re.compile(r"(?i)/(readyz?|readiness|health/ready)/?$")  # a path that answers no until the model is loaded
GRACE_SECONDS = 30  # Kubernetes' default


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
    sources=(PROBES,),
    subjects=serving,
    needs=A_WORKLOAD,
    alone=True,
)
def readiness_probe(container: Container, facts: Facts) -> Iterator[Problem]:
    if not container.body.get("readinessProbe") and not is_helper(container, "readinessProbe"):
        yield Problem(f"container {container.name} has no readinessProbe")


@control(
    id="D3.liveness-probe",
    title="Every serving container has a liveness probe",
    why="without it a process that hangs is never restarted",
    remedy="livenessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 10, failureThreshold: 3}",
    severity="medium",
    kind="resources",
    sources=(PROBES,),
    subjects=serving,
    needs=A_WORKLOAD,
    alone=True,
)
def liveness_probe(container: Container, facts: Facts) -> Iterator[Problem]:
    if not container.body.get("livenessProbe") and not is_helper(container, "livenessProbe"):
        yield Problem(f"container {container.name} has no livenessProbe")


@control(
    id="D3.probe-differs",
    title="Liveness asks for less than readiness",
    why="where both ask the same question, a copy that is only busy or waits for a dependency is killed, and so are "
    "all others",
    remedy="let livenessProbe ask a path that answers while the process runs (/healthz), readinessProbe one that "
    "needs the model (/readyz)",
    severity="medium",
    kind="resources",
    sources=(PROBES,),
    subjects=serving,
    alone=True,
)
def probe_differs(container: Container, facts: Facts) -> Iterator[Problem]:
    ready, live = container.body.get("readinessProbe"), container.body.get("livenessProbe")
    path = text(live, "httpGet", "path")
    if READY.search(path):
        yield Problem(
            f"container {container.name} is killed while it waits for its model: liveness asks {path}", line_of(live)
        )
        return
    if not ready or not live or question(ready) != question(live) or "tcpSocket" in live:
        return
    if patience(live) <= patience(ready):
        message = (
            f"container {container.name} is killed as soon as it is taken out of service: both probes ask the same"
        )
        yield Problem(message, line_of(live))


def is_helper(container: Container, probe: str) -> bool:
    """It serves nothing itself, beside a container that does and that has the probe."""
    if mappings(container.body, "ports"):
        return False
    others = [one for one in container.workload.containers if one is not container]
    return any(one.body.get(probe) and mappings(one.body, "ports") for one in others)


def question(probe: dict[str, Any]) -> list[Any]:
    """What a probe asks; how often is another matter, and so is whether it asks more than that the port is open."""
    return [probe.get(how) for how in ("httpGet", "exec", "grpc")]


def patience(probe: dict[str, Any]) -> int:
    """For how many seconds a probe may fail before anything happens."""
    return number(probe, "periodSeconds", 10) * number(probe, "failureThreshold", 3)


@control(
    id="D3.probe-port",
    title="Every probe asks a port that its container has",
    why="a probe of a port that nothing listens on fails for ever: no copy is ever ready, or each is killed again and "
    "again",
    remedy="readinessProbe: {httpGet: {port: http}}, and in the same container: ports: [{name: http, containerPort: "
    "8080}]",
    severity="critical",
    kind="resources",
    sources=(PROBES,),
    subjects=serving,
    alone=True,
)
def probe_port(container: Container, facts: Facts) -> Iterator[Problem]:
    ports = mappings(container.body, "ports")
    names, numbers = {port.get("name") for port in ports}, {port.get("containerPort") for port in ports}
    for kind in KINDS:
        probe = fields(container.body, kind)
        port = fields(probe, "httpGet").get("port") or fields(probe, "tcpSocket").get("port")
        port = port or fields(probe, "grpc").get("port")
        wrong = (
            port not in names if isinstance(port, str) and not port.isdigit() else bool(numbers) and port not in numbers
        )
        if port is not None and wrong:
            has = ", ".join(sorted(str(one) for one in names | numbers if one is not None)) or "none"
            yield Problem(
                f"{kind} of container {container.name} asks port {port}; its ports are: {has}", line_of(probe)
            )


@control(
    id="D3.drain",
    title="Every container that gets requests is given time to end them",
    why="a pod is sent requests for some seconds after it was told to stop; without a pause these are lost at each "
    "release",
    remedy="lifecycle: {preStop: {sleep: {seconds: 5}}}, and terminationGracePeriodSeconds above that and the longest "
    "request",
    severity="high",
    kind="resources",
    sources=(LIFECYCLE,),
    subjects=lambda facts: (one for one in serving(facts) if one.workload.resource.group != KNATIVE),
    environments=("staging", "prod"),
    alone=True,
)
def drain(container: Container, facts: Facts) -> Iterator[Problem]:
    if not mappings(container.body, "ports"):
        return  # nobody sends it anything
    grace = number(container.workload.pod, "terminationGracePeriodSeconds", GRACE_SECONDS)
    hook = fields(container.body, "lifecycle", "preStop")
    if not hook:
        yield Problem(f"container {container.name} has no preStop")
    pause = number(fields(hook, "sleep"), "seconds", 0)
    if pause >= grace:
        message = (
            f"preStop sleeps {pause} s of {grace} s grace: container {container.name} is killed before it can stop"
        )
        yield Problem(message, line_of(hook))


CONTROLS = (readiness_probe, liveness_probe, probe_differs, probe_port, drain)
