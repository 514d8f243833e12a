"""The service in a namespace of its own, deployed as its project's program plans it."""

from contextlib import contextmanager

from cluster.kube import namespace

NAME = "diagnosis"
"""What the project's own planning calls it."""
SELECTOR = f"app.kubernetes.io/name={NAME}"
CALLER = 30080
"""Port of the node at which the tests call the service."""


class Release:
    """The service in a namespace of its own, deployed as its project's program plans it.

    Args:
        kube: the namespace.
        plan: gives the objects of a release, by settings.
        port: of the node, at which it is called.
    """

    def __init__(self, kube, plan, port):
        self.kube, self.plan, self.port = kube, plan, port

    def deploy(self, **settings):
        """Puts a release onto the cluster; returns its objects."""
        objects = self.plan(namespace=self.kube.namespace, **settings)
        self.kube.apply(*objects)
        return objects

    @property
    def workload(self):
        """The Deployment or Rollout."""
        kind = "rollout" if self.kube.run("get", "rollouts", "--ignore-not-found").startswith("NAME") else "deployment"
        return self.kube.get(kind, NAME)

    @property
    def ready(self):
        """The pods that are ready and not about to end."""
        return [pod for pod in self.kube.pods(SELECTOR) if is_ready(pod)]


def is_ready(pod):
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


@contextmanager
def furnished(kubectl, material):
    """A namespace with the service's secrets, and a port at which to call it."""
    with namespace(kubectl, "airworthy-tests-services") as kube:
        files = {"api-keys.json": "api-keys.json", "audit-key.pem": "audit.pem", "audit-input-key": "audit-input"}
        kube.secret(f"{NAME}-service", **{key: (material.folder / file).read_text() for key, file in files.items()})
        kube.secret(f"{NAME}-registry", MLFLOW_TRACKING_USERNAME="reader", MLFLOW_TRACKING_PASSWORD="unused")
        ports = [{"port": 80, "targetPort": "http", "nodePort": CALLER}]
        spec = {"type": "NodePort", "selector": {"app.kubernetes.io/name": NAME}, "ports": ports}
        kube.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "caller"}, "spec": spec})
        yield kube
