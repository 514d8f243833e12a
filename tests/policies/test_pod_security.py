"""Pod Security: our controls say what the API server's admission says, of every kind that holds a pod template."""

import copy
import json
import os

import pytest
from admission import Invalid, admission
from hypothesis import HealthCheck, assume, given, settings
from pods import pods

from readiness.control import Verdict
from readiness.controls import pod_host, pod_kernel, pod_restricted
from readiness.facts import Facts
from readiness.facts.kubernetes import gather, read_text
from readiness.facts.resources import Resources

BASELINE = (*pod_host.CONTROLS, *pod_kernel.CONTROLS)
RESTRICTED = (*BASELINE, *pod_restricted.CONTROLS)
CASES = int(os.environ.get("AIRWORTHY_POD_CASES", "300"))
REASONS = {
    "S3.privileged": "privileged",
    "S3.host-namespaces": "host namespaces",
    "S3.host-path": "hostPath volumes",
    "S3.host-ports": "hostPort",
    "S3.probe-hosts": "probe or lifecycle host",
    "S3.windows-host-process": "hostProcess",
    "S3.capabilities-added": "non-default capabilities",
    "S3.seccomp-unconfined": "seccompProfile",
    "S3.apparmor-unconfined": "forbidden AppArmor profile",
    "S3.selinux-options": "seLinuxOptions",
    "S3.proc-mount": "procMount",
    "S3.sysctls": "forbidden sysctls",
}
MORE_REASONS = {  # at the level restricted some rules stand for those of baseline
    "S3.host-path": "restricted volume types",
    "S3.volume-types": "restricted volume types",
    "S3.capabilities-added": "unrestricted capabilities",
    "S3.capabilities-dropped": "unrestricted capabilities",
    "S3.seccomp": "seccompProfile",
    "S3.privilege-escalation": "allowPrivilegeEscalation != false",
    "S3.non-root": "runAsNonRoot != true",
    "S3.user-zero": "runAsUser=0",
}
LEVELS = {"baseline": (BASELINE, REASONS), "restricted": (RESTRICTED, REASONS | MORE_REASONS)}


def refused(document, controls=RESTRICTED):
    """The ids of the controls that refuse what is in a document. Each must have judged it."""
    resources, unread = gather(read_text(json.dumps(document), "pod.yaml"))
    assert not unread
    facts = Facts(resources=Resources(resources))
    said = {(one.id, finding.verdict) for one in controls for finding in one.findings(facts)}
    assert {id for id, _ in said} == {one.id for one in controls}, "a control did not see the pod"
    assert Verdict.NOT_EVALUATED not in {verdict for _, verdict in said}
    return {id for id, verdict in said if verdict is Verdict.FAIL}


@pytest.fixture(scope="module")
def ask():
    with admission() as ask:
        yield ask


def test_the_verdict_is_that_of_the_api_server(ask):
    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(pods())
    def agree(pod):
        for level, (controls, reasons) in LEVELS.items():
            try:
                theirs = ask(level, pod)
            except Invalid:
                assume(False)
            ours = {reasons[id] for id in refused(pod, controls)}
            assert bool(ours) == bool(theirs), level
            assert without_derived(ours, pod) == without_derived(theirs, pod), level

    agree()


def without_derived(reasons, pod):
    """With hostNetwork the API server makes each port a host port, which is the same mistake told twice."""
    return reasons - {"hostPort"} if pod["spec"].get("hostNetwork") else reasons


def in_template(pod):
    return {"template": {"metadata": pod["metadata"], "spec": pod["spec"]}}


HOLDERS = {
    "Deployment": lambda pod: ("apps/v1", in_template(pod)),
    "StatefulSet": lambda pod: ("apps/v1", in_template(pod)),
    "DaemonSet": lambda pod: ("apps/v1", in_template(pod)),
    "ReplicaSet": lambda pod: ("apps/v1", in_template(pod)),
    "ReplicationController": lambda pod: ("v1", in_template(pod)),
    "Job": lambda pod: ("batch/v1", in_template(pod)),
    "CronJob": lambda pod: ("batch/v1", {"jobTemplate": {"spec": in_template(pod)}}),
    "Rollout": lambda pod: ("argoproj.io/v1alpha1", in_template(pod)),
    "ScaledJob": lambda pod: ("keda.sh/v1alpha1", {"jobTargetRef": in_template(pod)}),
    "Service": lambda pod: ("serving.knative.dev/v1", in_template(pod)),
    "RayCluster": lambda pod: ("ray.io/v1", {"headGroupSpec": {"rayStartParams": {}, **in_template(pod)}}),
    "RayService": lambda pod: (
        "ray.io/v1",
        {"rayClusterConfig": {"workerGroupSpecs": [{"groupName": "workers", **in_template(pod)}]}},
    ),
    "RayJob": lambda pod: ("ray.io/v1", {"submitterPodTemplate": in_template(pod)["template"]}),
    "InferenceService": lambda pod: ("serving.kserve.io/v1beta1", {"predictor": pod["spec"]}),
    "ServingRuntime": lambda pod: ("serving.kserve.io/v1alpha1", pod["spec"]),
}


@settings(max_examples=60)
@given(pods())
def test_a_pod_is_judged_alike_whatever_kind_holds_it(pod):
    pod["metadata"]["annotations"] = {}  # KServe keeps those of its pods elsewhere
    alone = refused(pod)
    for kind, hold in HOLDERS.items():
        version, spec = hold(copy.deepcopy(pod))
        holder = {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}
        assert refused(holder) == alone, kind


def good_pod():
    container = {
        "name": "web",
        "image": "registry.example.com/web:1.0.0",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "annotations": {}},
        "spec": {"securityContext": context, "containers": [container]},
    }


def with_context(**settings):
    def change(pod):
        pod["spec"]["containers"][0]["securityContext"].update(settings)

    return change


def with_pod_context(**settings):
    def change(pod):
        pod["spec"]["securityContext"].update(settings)

    return change


def with_second(role, **settings):
    """Adds a container that is as good as the first but for these settings."""

    def change(pod):
        first = pod["spec"]["containers"][0]
        other = {**copy.deepcopy(first), "name": "other"}
        other["securityContext"].update(settings)
        pod["spec"].setdefault(role, []).append(other)

    return change


def for_windows(pod):
    """Windows has neither capabilities nor seccomp nor set-user-ID programs."""
    pod["spec"]["os"] = {"name": "windows"}
    pod["spec"]["securityContext"] = {"runAsNonRoot": True}
    pod["spec"]["containers"][0]["securityContext"] = {}


KNOWN = {
    "good": (lambda pod: None, set()),
    "windows needs less": (for_windows, set()),
    "null is absent": (with_context(privileged=None, procMount=None, seccompProfile=None, seLinuxOptions=None), set()),
    "a profile of its own": (with_context(seccompProfile={"type": "Localhost", "localhostProfile": "a"}), set()),
    "own flag for the pod's": (
        lambda pod: (with_pod_context(runAsNonRoot=None)(pod), with_context(runAsNonRoot=True)(pod)),
        set(),
    ),
    "pod says root": (
        lambda pod: (with_pod_context(runAsNonRoot=False)(pod), with_context(runAsNonRoot=True)(pod)),
        {"S3.non-root"},
    ),
    "own flag against the pod's": (with_context(runAsNonRoot=False), {"S3.non-root"}),
    "no word on root": (with_pod_context(runAsNonRoot=None), {"S3.non-root"}),
    "user 0": (with_context(runAsUser=0), {"S3.user-zero"}),
    "user 0 of the pod": (with_pod_context(runAsUser=0), {"S3.user-zero"}),
    "no seccomp": (with_pod_context(seccompProfile=None), {"S3.seccomp"}),
    "pod unconfined": (with_pod_context(seccompProfile={"type": "Unconfined"}), {"S3.seccomp-unconfined"}),
    "dropping all in small letters": (with_context(capabilities={"drop": ["all"]}), {"S3.capabilities-dropped"}),
    "adding all": (with_context(capabilities={"drop": ["ALL"], "add": ["ALL"]}), {"S3.capabilities-added"}),
    "an init container": (with_second("initContainers", privileged=True), {"S3.privileged"}),
    "a debug container": (with_second("ephemeralContainers", procMount="Unmasked"), {"S3.proc-mount"}),
    "no word on escalation": (with_context(allowPrivilegeEscalation=None), {"S3.privilege-escalation"}),
    "annotation": (
        lambda pod: pod["metadata"]["annotations"].update(
            {"container.apparmor.security.beta.kubernetes.io/web": "unconfined"}
        ),
        {"S3.apparmor-unconfined"},
    ),
    "a volume without a type is an emptyDir": (lambda pod: pod["spec"].update(volumes=[{"name": "tmp"}]), set()),
    "a type that is new": (
        lambda pod: pod["spec"].update(volumes=[{"name": "x", "brandNew": {}}]),
        {"S3.volume-types"},
    ),
    "the node's folder": (
        lambda pod: pod["spec"].update(volumes=[{"name": "x", "hostPath": {"path": "/"}}]),
        {"S3.host-path"},
    ),
}


@pytest.mark.parametrize("case", KNOWN)
def test_known_pods(case):
    change, expected = KNOWN[case]
    pod = good_pod()
    change(pod)
    assert refused(pod) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("hostNetwork",), "true"),
        (("containers", 0, "securityContext", "privileged"), "false"),
        (("containers", 0, "securityContext", "runAsUser"), "0"),
        (("containers", 0, "securityContext"), "none"),
        (("containers", 0), "web"),
        (("volumes",), {"name": "tmp"}),
    ],
)
def test_a_value_of_the_wrong_type_is_never_a_pass(path, value):
    pod = good_pod()
    holder = pod["spec"]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    resources, _ = gather(read_text(json.dumps(pod), "pod.yaml"))
    facts = Facts(resources=Resources(resources))
    verdicts = {finding.verdict for one in RESTRICTED for finding in one.findings(facts)}
    assert Verdict.NOT_EVALUATED in verdicts


SYSCTLS = (
    "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports"
    " net.ipv4.ip_unprivileged_port_start"
    " net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"
    " net.ipv4.tcp_keepalive_time net.ipv4.tcp_rmem net.ipv4.tcp_syncookies net.ipv4.tcp_wmem"
)
CAPABILITIES = "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
VOLUMES = "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret"
APPARMOR = "container.apparmor.security.beta.kubernetes.io/web"


def with_annotations(**annotations):
    return lambda pod: pod["metadata"]["annotations"].update(annotations)


def with_volume(type):
    return lambda pod: pod["spec"].update(volumes=[{"name": "data", type: {}}])


def with_handler(place, name, way, host):
    """A probe, or with the place ``lifecycle`` a hook."""

    def change(pod):
        handler = {name: {way: {"port": 80, "host": host}}}
        pod["spec"]["containers"][0].update({"lifecycle": handler} if place == "lifecycle" else handler)

    return change


PLACES = [("", "startupProbe"), ("", "livenessProbe"), ("", "readinessProbe")]
PLACES += [("lifecycle", "postStart"), ("lifecycle", "preStop")]
VALUES = [
    *((with_pod_context(sysctls=[{"name": name, "value": "1"}]), set()) for name in SYSCTLS.split()),
    (with_pod_context(sysctls=[{"name": "net.ipv4.tcp_mem", "value": "1"}]), {"S3.sysctls"}),
    *(
        (with_context(capabilities={"drop": ["ALL"], "add": [name]}), {"S3.capabilities-dropped"})
        for name in CAPABILITIES.split()
    ),
    (with_context(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}), set()),
    (with_context(capabilities={"drop": ["ALL"], "add": ["BPF"]}), {"S3.capabilities-added"}),
    *((with_volume(type), set()) for type in VOLUMES.split()),
    (with_volume("hostPath"), {"S3.host-path"}),
    (with_volume("cephfs"), {"S3.volume-types"}),
    *((with_annotations(**{APPARMOR: profile}), set()) for profile in ("", "runtime/default", "localhost/web")),
    (with_annotations(**{APPARMOR: "complain"}), {"S3.apparmor-unconfined"}),
    (with_annotations(**{"example.com/web": "unconfined"}), set()),
    *(
        (with_context(seLinuxOptions={"type": type}), set())
        for type in ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
    ),
    *((with_context(seLinuxOptions={name: "x"}), {"S3.selinux-options"}) for name in ("type", "user", "role")),
    *(
        (with_handler(*place, way, host), {"S3.probe-hosts"} if host else set())
        for place in PLACES
        for way in ("httpGet", "tcpSocket")
        for host in ("", "10.0.0.1")
    ),
    *((with_context(seccompProfile={"type": type}), set()) for type in ("RuntimeDefault", "Localhost")),
    *((with_context(appArmorProfile={"type": type}), set()) for type in ("RuntimeDefault", "Localhost")),
    *(
        (lambda pod, name=name: pod["spec"].update({name: True}), {"S3.host-namespaces"})
        for name in ("hostNetwork", "hostPID", "hostIPC")
    ),
]


@pytest.mark.parametrize(("change", "expected"), VALUES)
def test_every_value_that_the_standard_names(change, expected):
    pod = good_pod()
    change(pod)
    assert refused(pod) == expected


def test_what_is_said_names_whose_it_is_and_where():
    pod = good_pod()
    pod["spec"]["volumes"] = [{"name": "socket", "hostPath": {"path": "/run/containerd"}}]
    pod["spec"]["containers"][0]["securityContext"]["privileged"] = True
    text = json.dumps(pod, indent=2)
    starts = {name: text[: text.index(f'"name": "{name}",\n      ')].count("\n") for name in ("web", "socket")}
    resources, _ = gather(read_text(text, "pod.yaml"))
    facts = Facts(resources=Resources(resources))
    said = {one.message: one.line for control in BASELINE for one in control.findings(facts) if one.verdict == "fail"}
    assert said == {
        "container web is privileged": starts["web"],
        "volume socket is the node's /run/containerd": starts["socket"],
    }
