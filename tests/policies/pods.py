"""Pods made at random, mostly valid ones, that use every field the Pod Security Standards speak of, well and badly."""

from hypothesis import strategies as st

IMAGE = "registry.example.com/web:1.0.0"
MAYBE = st.sampled_from([None, None, False, True])
SELDOM = st.sampled_from([None] * 6 + [False, True])
HOSTS = st.sampled_from([None, None, "", "10.0.0.1", "db.example.com"])
PROFILES = st.sampled_from(
    [
        None,
        {"type": "RuntimeDefault"},
        {"type": "RuntimeDefault"},
        {"type": "Localhost", "localhostProfile": "web.json"},
        {"type": "Unconfined"},
    ]
)
SELINUX = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["", "container_t", "container_init_t", "container_engine_t", "spc_t"]),
        "user": st.sampled_from(["", "root"]),
        "role": st.sampled_from(["", "sysadm_r"]),
        "level": st.just("s0:c1,c2"),
    },
)
SYSCTLS = st.lists(
    st.sampled_from(
        [
            "net.ipv4.tcp_syncookies",
            "net.ipv4.tcp_rmem",
            "kernel.shm_rmid_forced",
            "kernel.msgmax",
            "net.core.somaxconn",
        ]
    ),
    unique=True,
    max_size=2,
).map(lambda names: [{"name": name, "value": "1"} for name in names])
ADDED = st.lists(
    st.sampled_from(["NET_BIND_SERVICE", "CHOWN", "SYS_CHROOT", "NET_RAW", "SYS_TIME", "ALL", "chown"]), max_size=2
)
DROPPED = st.sampled_from([["ALL"]] * 3 + [None, [], ["NET_RAW"], ["NET_RAW", "ALL"], ["all"]])
SOURCES = [
    {"emptyDir": {}},
    {"emptyDir": {"medium": "Memory"}, "hostPath": None},
    {},
    {"configMap": {"name": "settings"}},
    {"secret": {"secretName": "key"}},
    {"projected": {"sources": [{"configMap": {"name": "settings"}}]}},
    {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    {"persistentVolumeClaim": {"claimName": "data"}},
    {"csi": {"driver": "secrets-store.csi.k8s.io"}},
    {"image": {"reference": "registry.example.com/model:1.0.0"}},
    {
        "ephemeral": {
            "volumeClaimTemplate": {
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
            }
        }
    },
    {"hostPath": {"path": "/var/run"}},
    {"gcePersistentDisk": {"pdName": "disk"}},
    {"awsElasticBlockStore": {"volumeID": "disk"}},
    {"gitRepo": {"repository": "https://example.com/repo.git"}},
    {"nfs": {"server": "nfs.example.com", "path": "/"}},
    {"iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:disk", "lun": 0}},
    {"glusterfs": {"endpoints": "gluster", "path": "data"}},
    {"rbd": {"monitors": ["10.0.0.1:6789"], "image": "disk"}},
    {"flexVolume": {"driver": "example.com/driver"}},
    {"cinder": {"volumeID": "disk"}},
    {"cephfs": {"monitors": ["10.0.0.1:6789"]}},
    {"flocker": {"datasetName": "data"}},
    {"fc": {"targetWWNs": ["500a0982991b8dc5"], "lun": 2}},
    {"azureFile": {"secretName": "key", "shareName": "data"}},
    {"vsphereVolume": {"volumePath": "disk"}},
    {"quobyte": {"registry": "10.0.0.1:7861", "volume": "data"}},
    {"azureDisk": {"diskName": "disk", "diskURI": "https://example.com/disk.vhd"}},
    {"portworxVolume": {"volumeID": "disk"}},
    {"photonPersistentDisk": {"pdID": "disk"}},
    {"scaleIO": {"gateway": "https://10.0.0.1", "system": "s", "secretRef": {"name": "key"}, "volumeName": "disk"}},
    {"storageos": {"volumeName": "disk", "volumeNamespace": "data"}},
]
HARMLESS = 11  # so many of these may stand in a restricted pod
VOLUMES = st.lists(st.sampled_from(SOURCES[:HARMLESS] * 4 + SOURCES[HARMLESS:]), max_size=3)
ANNOTATIONS = st.dictionaries(
    st.sampled_from(
        [
            "container.apparmor.security.beta.kubernetes.io/main-0",
            "seccomp.security.alpha.kubernetes.io/pod",
            "example.com/owner",
        ]
    ),
    st.sampled_from(["runtime/default", "localhost/web", "unconfined"]),
    max_size=1,
)


def some(**entries):
    """A mapping without what is None."""
    return {key: value for key, value in entries.items() if value is not None}


@st.composite
def handlers(draw):
    """What a probe or a hook does: calls its own pod, or somebody else."""
    return draw(
        st.sampled_from(
            [
                {"exec": {"command": ["true"]}},
                {"httpGet": some(path="/healthz", port=8080, host=draw(HOSTS))},
                {"tcpSocket": some(port=8080, host=draw(HOSTS))},
            ]
        )
    )


@st.composite
def containers(draw, name, role, hosted):
    """A container for Linux. Only one that stays may have probes and hooks."""
    context = some(
        privileged=draw(SELDOM),
        allowPrivilegeEscalation=draw(st.sampled_from([False, False, False, None, True])),
        capabilities=draw(st.none() | st.fixed_dictionaries({"add": ADDED, "drop": DROPPED})),
        seccompProfile=draw(PROFILES),
        appArmorProfile=draw(PROFILES),
        seLinuxOptions=draw(st.none() | SELINUX),
        procMount=draw(st.sampled_from([None, None, "Default"] if hosted else [None, "Default", "Unmasked"])),
        runAsNonRoot=draw(st.sampled_from([None, True, True, False])),
        runAsUser=draw(st.sampled_from([None, None, 1000, 0])),
    )
    if context.get("privileged"):  # no privileged container can refuse escalation
        context.pop("allowPrivilegeEscalation", None)
    stays = role == "main" or draw(st.booleans())
    body = some(name=name, image=IMAGE, securityContext=draw(st.sampled_from([context] * 8 + [None])))
    if role == "init" and stays:
        body["restartPolicy"] = "Always"
    if port := draw(st.sampled_from([None, None, 8080])):
        body["ports"] = [some(containerPort=port, hostPort=draw(st.sampled_from([None, None, 0, 8080])))]
    if stays:
        for probe in draw(st.sets(st.sampled_from(["startupProbe", "livenessProbe", "readinessProbe"]), max_size=2)):
            body[probe] = draw(handlers())
        if hook := draw(st.sampled_from([None, None, "preStop", "postStart"])):
            body["lifecycle"] = {hook: draw(handlers())}
    return body


@st.composite
def linux(draw):
    """A pod for Linux."""
    hosted = draw(st.sampled_from([True] * 5 + [False]))  # hostUsers: false goes with none of the node's namespaces
    context = some(
        runAsNonRoot=draw(st.sampled_from([True, True, None, False])),
        runAsUser=draw(st.sampled_from([None, None, 1000, 0])),
        seccompProfile=draw(PROFILES),
        appArmorProfile=draw(PROFILES),
        seLinuxOptions=draw(st.none() | SELINUX),
        sysctls=draw(st.sampled_from([None, draw(SYSCTLS)])),
    )
    spaces = {name: draw(SELDOM) for name in ("hostNetwork", "hostPID", "hostIPC")} if hosted else {"hostUsers": False}
    made = {
        role: [draw(containers(f"{role}-{place}", role, hosted)) for place in range(draw(st.integers(*counts)))]
        for role, counts in (("main", (1, 2)), ("init", (0, 1)))
    }
    return some(
        os=draw(st.sampled_from([None, None, {"name": "linux"}])),
        securityContext=draw(st.sampled_from([context] * 8 + [None])),
        containers=made["main"],
        initContainers=made["init"],
        volumes=[{"name": f"volume-{place}", **source} for place, source in enumerate(draw(VOLUMES))],
        **spaces,
    )


@st.composite
def windows(draw):
    """A pod for Windows, which may set none of Linux's fields."""
    context = some(runAsNonRoot=draw(MAYBE), windowsOptions=draw(st.sampled_from([None, None, {"hostProcess": True}])))
    process = "windowsOptions" in context
    body = {
        "name": "main-0",
        "image": IMAGE,
        "securityContext": some(runAsNonRoot=draw(MAYBE)),
    }
    return some(
        os={"name": "windows"},
        hostNetwork=True if process else None,
        securityContext=context,
        containers=[body],
        volumes=[{"name": f"volume-{place}", **source} for place, source in enumerate(draw(VOLUMES))],
    )


@st.composite
def nearly_good(draw):
    """A restricted pod with one thing of another pod's: what a single mistake looks like."""
    spec = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "main-0",
                "image": IMAGE,
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    other = draw(linux())
    if draw(st.booleans()):
        context = other["containers"][0].get("securityContext") or {"privileged": False}
        key = draw(st.sampled_from(sorted(context)))
        spec["containers"][0]["securityContext"][key] = context[key]
    else:
        key = draw(st.sampled_from(sorted(other.keys() - {"containers"})))
        spec[key] = other[key]
    return spec


@st.composite
def pods(draw):
    """A Pod, as a mapping."""
    spec = draw(st.one_of(linux(), linux(), nearly_good(), nearly_good(), windows()))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "judged", "annotations": draw(ANNOTATIONS)},
        "spec": {**spec, "serviceAccountName": "judged", "automountServiceAccountToken": False},
    }
