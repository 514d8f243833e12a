"""S3, baseline: a pod does not weaken what the kernel puts between it and the node."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem
from readiness.controls.pod_rule import contexts, pod_rule, profiles
from readiness.facts import Facts
from readiness.facts.resources import fields, items, line_of, mappings
from readiness.facts.scalars import text
from readiness.facts.workloads import Workload

USUAL_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
GOOD_PROFILES = frozenset({"RuntimeDefault", "Localhost"})
SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)


@pod_rule(
    id="S3.capabilities-added",
    title="No container adds capabilities to those that containers usually have",
    why="a capability such as SYS_ADMIN or NET_RAW is a part of root's power, and often leads to the rest",
    remedy="delete what is added: capabilities: {drop: [ALL]}",
    severity="critical",
)
def capabilities_added(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in workload.containers:
        added = items(one.body, "securityContext", "capabilities", "add")
        if beyond := [str(name) for name in added if name not in USUAL_CAPABILITIES]:
            yield Problem(f"container {one.name} adds {', '.join(sorted(beyond))}", one.line)


@pod_rule(
    id="S3.seccomp-unconfined",
    title="Nobody switches seccomp off",
    why="without a seccomp profile a container may make every system call, among them those that exploits need",
    remedy="securityContext: {seccompProfile: {type: RuntimeDefault}}",
    severity="high",
)
def seccomp_unconfined(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for who, type, line in profiles(workload, "seccompProfile"):
        if type is not None and type not in GOOD_PROFILES:
            yield Problem(f"{who} has the seccomp profile {type or '(none named)'}", line)


@pod_rule(
    id="S3.apparmor-unconfined",
    title="Nobody switches AppArmor off",
    why="on nodes with AppArmor its profile keeps a container from writing where the kernel is configured",
    remedy="delete appArmorProfile and its annotation, or name the type RuntimeDefault or Localhost",
    severity="high",
)
def apparmor_unconfined(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for who, type, line in profiles(workload, "appArmorProfile"):
        if type is not None and type not in GOOD_PROFILES:
            yield Problem(f"{who} has the AppArmor profile {type or '(none named)'}", line)
    annotations = fields(workload.template, "metadata", "annotations")
    for name in dict.keys(annotations):
        if name.startswith(APPARMOR_ANNOTATION):
            profile = text(annotations, name)
            if profile not in ("", "runtime/default") and not profile.startswith("localhost/"):
                yield Problem(f"the annotation {name} is {profile}", line_of(annotations))


@pod_rule(
    id="S3.selinux-options",
    title="SELinux types are those of containers, and no user or role is chosen",
    why="another type, user or role lets a container read and write what SELinux keeps from it",
    remedy="delete seLinuxOptions; the runtime sets container_t",
    severity="high",
)
def selinux_options(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for who, options, line in contexts(workload, "seLinuxOptions"):
        if (type := text(options, "type")) not in SELINUX_TYPES:
            yield Problem(f"{who} has the SELinux type {type}", line)
        for name in ("user", "role"):
            if value := text(options, name):
                yield Problem(f"{who} chooses the SELinux {name} {value}", line)


@pod_rule(
    id="S3.proc-mount",
    title="/proc stays masked",
    why="what the runtime hides of /proc tells of the node, and lets a container configure it",
    remedy="delete securityContext.procMount",
    severity="high",
)
def proc_mount(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in workload.containers:
        context = fields(one.body, "securityContext")
        if context.get("procMount") is not None and (value := text(context, "procMount")) != "Default":
            yield Problem(f"container {one.name} has procMount {value}", line_of(context))


@pod_rule(
    id="S3.sysctls",
    title="Only safe sysctls are set",
    why="a sysctl that is not the pod's own changes the kernel for every pod of the node",
    remedy="delete the sysctl, or have the node set it",
    severity="high",
)
def sysctls(workload: Workload, facts: Facts) -> Iterator[Problem]:
    for one in mappings(workload.pod, "securityContext", "sysctls"):
        if (name := text(one, "name")) not in SAFE_SYSCTLS:
            yield Problem(f"the pod sets {name}", line_of(one))


CONTROLS = (
    capabilities_added,
    seccomp_unconfined,
    apparmor_unconfined,
    selinux_options,
    proc_mount,
    sysctls,
)
