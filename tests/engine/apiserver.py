"""Kubernetes objects on a real API server: applied server-side, read back, waited for, deleted.

What can't be had on a test cluster (Helm charts) stays in memory. Of what the real provider waits for, this waits for
workloads and for deletion; not for the endpoints of Services nor for claims to be bound.
"""

import threading

from kubernetes import config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError, ResourceNotFoundError

from engine.memory import Memory
from engine.standin import Refused, Unready
from engine.wire import bare, is_secret, secret

MANAGER = "airworthy-tests"
PATIENCE = 120
"""Seconds to wait for a workload that has no ``pulumi.com/timeoutSeconds``, and for a deletion."""


class ApiServer(Memory):
    """The cluster of a kubeconfig file."""

    def __init__(self, kubeconfig):
        super().__init__()
        self._client = DynamicClient(config.new_client_from_config(kubeconfig))
        self._looking_up = threading.Lock()

    def create(self, kind, name, inputs):
        return self._apply(kind, inputs) if _is_object(kind) else super().create(kind, name, inputs)

    def update(self, kind, name, identity, inputs):
        return self._apply(kind, inputs)[1] if _is_object(kind) else super().update(kind, name, identity, inputs)

    def read(self, kind, identity):
        if not _is_object(kind):
            return super().read(kind, identity)
        namespace, name = _split(identity)
        try:
            return _state(self._resource(kind).get(name=name, namespace=namespace), {})
        except NotFoundError:
            return None

    def delete(self, kind, identity):
        """Deletes it with what it owns, and waits until it is gone."""
        if not _is_object(kind):
            return super().delete(kind, identity)
        resource, (namespace, name) = self._resource(kind), _split(identity)
        try:
            resource.delete(name=name, namespace=namespace, body={"propagationPolicy": "Foreground"})
            found = resource.get(name=name, namespace=namespace)
        except NotFoundError:
            return None
        version = found.metadata.resourceVersion
        for event in resource.watch(name=name, namespace=namespace, resource_version=version, timeout=PATIENCE):
            if event["type"] == "DELETED":
                return None
        raise Refused(f"{kind} {identity} is still there after {PATIENCE} s")

    def _apply(self, kind, inputs):
        body = {name: value for name, value in bare(inputs).items() if not name.startswith("__")}
        metadata = body["metadata"]
        try:
            resource = self._resource(kind)
            found = resource.server_side_apply(
                body=body, name=metadata["name"], namespace=metadata.get("namespace"), field_manager=MANAGER
            )
        except ResourceNotFoundError as error:
            raise Refused(f"the cluster knows no {kind}: {error}") from error
        except DynamicApiError as error:
            raise Refused(error.summary()) from error
        identity = "/".join(filter(None, (found.metadata.namespace, found.metadata.name)))
        return identity, _state(self._ready(resource, identity, found, inputs), inputs)

    def _ready(self, resource, identity, found, inputs):
        """The object once its workload runs."""
        is_ready = READY.get(found.kind)
        notes = (found.to_dict()["metadata"].get("annotations")) or {}
        if is_ready is None or notes.get("pulumi.com/skipAwait") == "true":
            return found
        patience = int(notes.get("pulumi.com/timeoutSeconds", PATIENCE))
        for event in resource.watch(name=found.metadata.name, namespace=found.metadata.namespace, timeout=patience):
            found = event["object"]
            if is_ready(event["raw_object"]):
                return found
        status = found.to_dict().get("status")
        raise Unready(f"{identity} is not ready after {patience} s: {status}", identity, _state(found, inputs))

    def _resource(self, kind):
        _, version, name = kind.split(":")
        with self._looking_up:
            return self._client.resources.get(
                api_version=version.removeprefix("core/"), kind=name.removesuffix("Patch")
            )


def _is_object(kind):
    return kind.startswith("kubernetes:") and not kind.startswith("kubernetes:helm.sh/")


def _split(identity):
    namespace, _, name = identity.rpartition("/")
    return namespace or None, name


def _state(found, inputs):
    """What the engine keeps: the live object, with all encrypted that was secret when it was given."""
    live = found.to_dict()
    live["metadata"].pop("managedFields", None)
    hidden = {name for name, value in inputs.items() if _holds_secret(value)}
    hidden |= {"data", "stringData"} if live["kind"] == "Secret" else set()
    return {name: secret(value) if name in hidden else value for name, value in live.items()}


def _holds_secret(value):
    if is_secret(value):
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_secret, parts))


def _rolled_out(live):
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= live["metadata"]["generation"]
    counts = [status.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "replicas")]
    return seen and counts == [wanted] * 3


def _everywhere(live):
    status = live.get("status", {})
    seen = status.get("observedGeneration", 0) >= live["metadata"]["generation"]
    return seen and status.get("numberReady") == status.get("desiredNumberScheduled")


READY = {
    "DaemonSet": _everywhere,
    "Deployment": _rolled_out,
    "Job": lambda live: live.get("status", {}).get("succeeded", 0) >= live["spec"].get("completions", 1),
    "StatefulSet": _rolled_out,
}
"""When a workload that was applied is there."""
