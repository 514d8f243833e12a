"""Asks a real API server what its Pod Security admission says of a pod. Nothing is created but two namespaces."""

import json
import os
import re
import uuid
from contextlib import contextmanager
from importlib.util import find_spec

from needs import need

VERSION = "v1.34"
LEVELS = ("baseline", "restricted")
REASONS = (
    "allowPrivilegeEscalation != false",
    "forbidden AppArmor profile",
    "forbidden sysctls",
    "host namespaces",
    "hostPath volumes",
    "hostPort",
    "hostProcess",
    "non-default capabilities",
    "privileged",
    "probe or lifecycle host",
    "procMount",
    "restricted volume types",
    "runAsNonRoot != true",
    "runAsUser=0",
    "seLinuxOptions",
    "seccompProfile",
    "unrestricted capabilities",
)
REASON = re.compile(rf"(?:: |, )({'|'.join(map(re.escape, REASONS))})s? \(")


class Invalid(Exception):
    """The API server refused the pod before Pod Security looked at it."""


@contextmanager
def admission():
    """Gives a function: of a level and a pod, the reasons for which it is refused; none when it is admitted."""
    need(os.environ.get("KUBECONFIG"), "set KUBECONFIG to a cluster of Kubernetes 1.34 or later")
    need(find_spec("kubernetes"), "install kubernetes, the client for Python")
    from kubernetes import client, config

    config.load_kube_config()
    minor = int(re.sub(r"\D", "", client.VersionApi().get_code().minor))
    need(minor >= int(VERSION.rpartition(".")[2]), f"the cluster's Kubernetes must be {VERSION} or later")
    core, run = client.CoreV1Api(), uuid.uuid4().hex[:8]
    names = {level: f"pod-security-{level}-{run}" for level in LEVELS}
    try:
        for level, name in names.items():
            labels = {f"pod-security.kubernetes.io/{part}": value for part, value in modes(level).items()}
            core.create_namespace({"metadata": {"name": name, "labels": labels}})
            core.create_namespaced_service_account(name, {"metadata": {"name": "judged"}})
        yield lambda level, pod: ask(core, names[level], pod)
    finally:
        for name in names.values():
            core.delete_namespace(name)


def modes(level):
    return {"enforce": level, "enforce-version": VERSION}


def ask(core, namespace, pod):
    from kubernetes.client import ApiException

    try:
        core.create_namespaced_pod(namespace, pod, dry_run="All", _preload_content=False)
    except ApiException as error:
        return reasons(error.status, json.loads(error.body)["message"])
    return set()


def reasons(status, message):
    """Why Pod Security refused: its reasons, without their details."""
    if "violates PodSecurity" not in message:
        raise Invalid(f"{status}: {message}")
    return set(REASON.findall(message))
