"""Pods: Pod Security, probes, time to end, resources, images, and what a pod is told."""

from faults.fault import fault
from faults.planned import Planned

SERVICE = Planned("Rollout", "tumour-diagnosis")
MLFLOW = Planned("Deployment", "mlflow")
POD, CONTAINER = "spec.template.spec", "spec.template.spec.containers.0"
INIT = "spec.template.spec.initContainers.0"
SECURITY = f"{CONTAINER}.securityContext"


def volume(**source):
    """One more volume of the service's pod."""
    return SERVICE.add(f"{POD}.volumes", {"name": "more", **source})


TABLE = (
    fault("no readiness probe", SERVICE.drop(f"{CONTAINER}.readinessProbe"), "D3.readiness-probe"),
    fault("no liveness probe", SERVICE.drop(f"{CONTAINER}.livenessProbe"), "D3.liveness-probe"),
    fault("the registry has no readiness probe", MLFLOW.drop(f"{CONTAINER}.readinessProbe"), "D3.readiness-probe"),
    fault(
        "liveness asks the readiness route",
        SERVICE.put(f"{CONTAINER}.livenessProbe.httpGet.path", "/readyz"),
        "D3.probe-differs",
    ),
    fault(
        "readiness asks a port that nothing opens",
        SERVICE.put(f"{CONTAINER}.readinessProbe.httpGet.port", 9090),
        "D3.probe-port",
    ),
    fault(
        "start-up asks a port by a wrong name",
        SERVICE.put(f"{CONTAINER}.startupProbe.httpGet.port", "web"),
        "D3.probe-port",
    ),
    fault(
        "a probe calls another host",
        SERVICE.put(f"{CONTAINER}.livenessProbe.httpGet.host", "10.0.0.1"),
        "S3.probe-hosts",
    ),
    fault("no preStop", SERVICE.drop(f"{CONTAINER}.lifecycle"), "D3.drain"),
    fault("a grace shorter than preStop", SERVICE.put(f"{POD}.terminationGracePeriodSeconds", 3), "D3.drain"),
    fault("a grace of nothing", SERVICE.put(f"{POD}.terminationGracePeriodSeconds", 0), "D3.drain"),
    fault("privileged", SERVICE.put(f"{SECURITY}.privileged", True), "S3.privileged"),
    fault("the init container is privileged", SERVICE.put(f"{INIT}.securityContext.privileged", True), "S3.privileged"),
    fault("may be root", SERVICE.drop(f"{POD}.securityContext.runAsNonRoot"), "S3.non-root"),
    fault("is user 0", SERVICE.put(f"{POD}.securityContext.runAsUser", 0), "S3.user-zero"),
    fault("one container is user 0", SERVICE.put(f"{SECURITY}.runAsUser", 0), "S3.user-zero"),
    fault(
        "privileges may grow",
        SERVICE.put(f"{SECURITY}.allowPrivilegeEscalation", True),
        "S3.privilege-escalation",
    ),
    fault(
        "nothing is said of growing privileges",
        SERVICE.drop(f"{INIT}.securityContext.allowPrivilegeEscalation"),
        "S3.privilege-escalation",
    ),
    fault("capabilities are kept", SERVICE.drop(f"{SECURITY}.capabilities"), "S3.capabilities-dropped"),
    fault(
        "SYS_ADMIN is added",
        SERVICE.put(f"{SECURITY}.capabilities.add", ["SYS_ADMIN"]),
        "S3.capabilities-added",
    ),
    fault("the root is writable", SERVICE.put(f"{SECURITY}.readOnlyRootFilesystem", False), "S3.read-only-root"),
    fault("no seccomp profile", SERVICE.drop(f"{POD}.securityContext.seccompProfile"), "S3.seccomp"),
    fault(
        "seccomp is switched off",
        SERVICE.put(f"{POD}.securityContext.seccompProfile", {"type": "Unconfined"}),
        "S3.seccomp-unconfined",
    ),
    fault(
        "AppArmor is switched off",
        SERVICE.put(f"{SECURITY}.appArmorProfile", {"type": "Unconfined"}),
        "S3.apparmor-unconfined",
    ),
    fault(
        "an SELinux type of its own",
        SERVICE.put(f"{POD}.securityContext.seLinuxOptions", {"type": "spc_t"}),
        "S3.selinux-options",
    ),
    fault(
        "an unsafe sysctl",
        SERVICE.put(f"{POD}.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "65536"}]),
        "S3.sysctls",
    ),
    fault("/proc is unmasked", SERVICE.put(f"{SECURITY}.procMount", "Unmasked"), "S3.proc-mount"),
    fault("the node's network", SERVICE.put(f"{POD}.hostNetwork", True), "S3.host-namespaces"),
    fault("the node's processes", SERVICE.put(f"{POD}.hostPID", True), "S3.host-namespaces"),
    fault("a port of the node", SERVICE.put(f"{CONTAINER}.ports.0.hostPort", 8080), "S3.host-ports"),
    fault(
        "a folder of the node",
        volume(hostPath={"path": "/var/run/docker.sock"}),
        "S3.host-path",
    ),
    fault(
        "a volume past the cluster's storage", volume(nfs={"server": "nfs.internal", "path": "/"}), "S3.volume-types"
    ),
    fault(
        "a Windows process of the node",
        SERVICE.put(f"{POD}.securityContext.windowsOptions", {"hostProcess": True}),
        "S3.windows-host-process",
    ),
    fault("no limit of memory", SERVICE.drop(f"{CONTAINER}.resources.limits"), "R4.requests-and-limits"),
    fault(
        "no request of processor, which the autoscaler goes by",
        SERVICE.drop(f"{CONTAINER}.resources.requests.cpu"),
        "R4.requests-and-limits",
        "D2.scaler-measures",
    ),
    fault("the init container asks for nothing", SERVICE.drop(f"{INIT}.resources"), "R4.requests-and-limits"),
    fault(
        "the service's image by tag",
        SERVICE.put(f"{CONTAINER}.image", "registry.example.com/tumour-diagnosis:1.4.2"),
        "D1.image-exact",
    ),
    fault(
        "the service's image is whatever is latest",
        SERVICE.put(f"{CONTAINER}.image", "registry.example.com/tumour-diagnosis:latest"),
        "D1.image-exact",
    ),
    fault(
        "a digest cut short", SERVICE.put(f"{CONTAINER}.image", "registry.example.com/t@sha256:a1a1"), "D1.image-exact"
    ),
    fault("a foreign init image by a moving tag", SERVICE.put(f"{INIT}.image", "busybox:stable"), "D1.image-exact"),
    fault(
        "a foreign sidecar without a tag",
        SERVICE.put(f"{INIT}.image", "ghcr.io/somebody/helper"),
        "D1.image-exact",
    ),
    fault(
        "a password in the environment",
        SERVICE.put(f"{INIT}.env.3", {"name": "MLFLOW_TRACKING_PASSWORD", "value": "Tr4cking-9sK2-w8Qz"}),
        "S2.pod-literals",
    ),
    fault(
        "a key among the arguments",
        SERVICE.put(f"{CONTAINER}.args", ["--api-key=Zk83jsnQ0x7Lm2Vd9Rw"]),
        "S2.pod-literals",
    ),
    fault("the default account", SERVICE.put(f"{POD}.serviceAccountName", "default"), "S1.own-account"),
    fault("no account is named", SERVICE.drop(f"{POD}.serviceAccountName"), "S1.own-account"),
    fault("a token that nothing needs", SERVICE.put(f"{POD}.automountServiceAccountToken", True), "S1.no-idle-token"),
    fault("no copy in another zone", SERVICE.drop(f"{POD}.topologySpreadConstraints"), "R1.spread"),
    fault(
        "spread over what no pod is labelled with",
        SERVICE.put(
            f"{POD}.topologySpreadConstraints",
            [
                {
                    "maxSkew": 1,
                    "topologyKey": "topology.kubernetes.io/zone",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app": "another"}},
                }
            ],
        ),
        "R1.spread",
    ),
)
