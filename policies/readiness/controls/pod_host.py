"""S3, baseline: a pod is kept away from the node it runs on."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem
from readiness.controls.pod_rule import contexts, pod_rule
from readiness.facts import Facts
from readiness.facts.resources import fields, line_of, mappings
from readiness.facts.scalars import flag, number, text
from readiness.facts.workloads import Container, Workload

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
HOOKS = ("postStart", "preStop")


@pod_rule(
    id="S3.privileged",
    title="No container is privileged",
    why="a privileged container is root on the node: whoever gets into it has every pod and every secret there",
    remedy="delete securityContext.privileged; a GPU needs resources.limits and no privilege",
    severity="critical",
    needs="a workload (Deployment, Rollout, Job, InferenceService, …)",
)
def privileged(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in workload.containers:
        if flag(one.body, "securityContext", "privileged"):
            yield Problem(f"container {one.name} is privileged", one.line)


@pod_rule(
    id="S3.host-namespaces",
    title="No pod shares the network, processes or memory of its node",
    why="a pod in the node's namespaces passes by every network policy, and sees or stops other processes",
    remedy="delete hostNetwork, hostPID and hostIPC from the pod's spec",
    severity="critical",
)
def host_namespaces(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if flag(workload.pod, name):
            yield Problem(f"{name} is true")


@pod_rule(
    id="S3.host-path",
    title="No pod mounts a folder of its node",
    why="files of the node are a way to its credentials and to other pods, and are lost with the node",
    remedy="use an emptyDir for scratch, a persistentVolumeClaim for what must last",
    severity="critical",
)
def host_path(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for volume in mappings(workload.pod, "volumes"):
        if volume.get("hostPath") is not None:
            path = text(volume, "hostPath", "path")
            yield Problem(f"volume {text(volume, 'name')} is the node's {path or 'file system'}", line_of(volume))


@pod_rule(
    id="S3.host-ports",
    title="No container takes a port of its node",
    why="a port of the node is reached past the Service and past network policies, and only one copy fits on a node",
    remedy="delete hostPort; a Service makes the port reachable",
    severity="high",
)
def host_ports(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in workload.containers:
        for port in mappings(one.body, "ports"):
            if number(port, "hostPort"):
                yield Problem(f"container {one.name} takes the node's port {port['hostPort']}", line_of(port))


@pod_rule(
    id="S3.probe-hosts",
    title="Probes and lifecycle hooks call their own pod only",
    why="the node makes these calls, so another host lets whoever writes the manifest send requests from the node",
    remedy="delete host from httpGet and tcpSocket; without it the pod itself is called",
    severity="medium",
)
def probe_hosts(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in workload.containers:
        for name, handler in handlers(one):
            for way in ("httpGet", "tcpSocket"):
                if host := text(handler, way, "host"):
                    yield Problem(f"{name} of container {one.name} calls {host}", line_of(handler))


def handlers(container: Container) -> Iterator[tuple[str, dict[str, object]]]:
    for name in PROBES:
        yield name, fields(container.body, name)
    for name in HOOKS:
        yield name, fields(container.body, "lifecycle", name)


@pod_rule(
    id="S3.windows-host-process",
    title="No Windows container is a process of its node",
    why="a host process has the whole node, as a privileged container has on Linux",
    remedy="delete windowsOptions.hostProcess",
    severity="critical",
)
def windows_host_process(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for who, options, line in contexts(workload, "windowsOptions"):
        if flag(options, "hostProcess"):
            yield Problem(f"{who} asks to be a process of the node", line)


CONTROLS = (privileged, host_namespaces, host_path, host_ports, probe_hosts, windows_host_process)
