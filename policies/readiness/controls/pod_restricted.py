"""S3, restricted: a pod gives up what it does not need, rather than only not asking for more."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem
from readiness.controls.pod_kernel import USUAL_CAPABILITIES
from readiness.controls.pod_rule import contexts, pod_rule, profiles, windows
from readiness.facts import Facts
from readiness.facts.resources import items, line_of, mappings
from readiness.facts.scalars import flag, number, text
from readiness.facts.workloads import Workload

VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


@pod_rule(
    id="S3.privilege-escalation",
    title="No process gets more privileges than its parent",
    why="without this a set-user-ID program in the image makes root of an ordinary user",
    remedy="securityContext: {allowPrivilegeEscalation: false}",
    severity="high",
)
def privilege_escalation(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in () if windows(workload) else workload.containers:
        if flag(one.body, "securityContext", "allowPrivilegeEscalation") is not False:
            yield Problem(f"container {one.name} does not set allowPrivilegeEscalation: false", one.line)


@pod_rule(
    id="S3.capabilities-dropped",
    title="Containers drop all capabilities, and take back none but NET_BIND_SERVICE",
    why="the usual capabilities let a process change owners and trace others; a model server needs none of them",
    remedy="securityContext: {capabilities: {drop: [ALL]}}",
    severity="high",
)
def capabilities_dropped(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in () if windows(workload) else workload.containers:
        if "ALL" not in items(one.body, "securityContext", "capabilities", "drop"):
            yield Problem(f"container {one.name} does not drop ALL capabilities", one.line)
        added = items(one.body, "securityContext", "capabilities", "add")
        if back := [name for name in added if name in USUAL_CAPABILITIES and name != "NET_BIND_SERVICE"]:
            yield Problem(f"container {one.name} takes back {', '.join(sorted(back))}", one.line)


@pod_rule(
    id="S3.seccomp",
    title="Every container has a seccomp profile",
    why="unless the node was told otherwise, a container without a profile may make every system call",
    remedy="of the pod: securityContext: {seccompProfile: {type: RuntimeDefault}}",
    severity="medium",
)
def seccomp(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if windows(workload):
        return
    (_, of_pod, _), *of_containers = profiles(workload, "seccompProfile")
    for who, type, line in of_containers:
        if type is None and of_pod is None:
            yield Problem(f"{who} has no seccomp profile, nor has its pod", line)


@pod_rule(
    id="S3.non-root",
    title="No container can start as root",
    why="root in a container is root for every hole in the kernel and every mounted file",
    remedy="of the pod: securityContext: {runAsNonRoot: true}; the image needs a USER that is a number",
    severity="high",
)
def non_root(workload: Workload, facts: Facts) -> Iterator[Problem]:
    (_, of_pod, _), *of_containers = contexts(workload)
    whole_pod = flag(of_pod, "runAsNonRoot")
    if whole_pod is False:
        yield Problem("the pod sets runAsNonRoot: false")
    for who, context, line in of_containers:
        own = flag(context, "runAsNonRoot")
        if own is False:
            yield Problem(f"{who} sets runAsNonRoot: false", line)
        elif own is None and whole_pod is None:
            yield Problem(f"{who} does not set runAsNonRoot: true, nor does its pod", line)


@pod_rule(
    id="S3.user-zero",
    title="Nobody chooses to be user 0",
    why="user 0 is root, whatever the image was built for",
    remedy="delete runAsUser, or name another than 0",
    severity="high",
)
def user_zero(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for who, context, line in contexts(workload):
        if number(context, "runAsUser") == 0:
            yield Problem(f"{who} sets runAsUser: 0", line)


@pod_rule(
    id="S3.volume-types",
    title="Volumes are of types that lead to no node and to no storage past its access control",
    why="a disk, NFS share or driver named in the pod is reached with the node's rights, not with the pod's",
    remedy="claim it: persistentVolumeClaim: {claimName: …}, or csi",
    severity="medium",
)
def volume_types(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for volume in mappings(workload.pod, "volumes"):
        for type in dict.keys(volume):
            allowed = type == "name" or type == "hostPath" or type in VOLUMES  # hostPath has its own control
            if not allowed and volume.get(type) is not None:
                yield Problem(f"volume {text(volume, 'name')} is of type {type}", line_of(volume))


CONTROLS = (privilege_escalation, capabilities_dropped, seccomp, non_root, user_zero, volume_types)
