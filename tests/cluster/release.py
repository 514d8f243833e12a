"""The service in a namespace of its own, deployed as its project's program plans it."""

import json
import os
from contextlib import contextmanager

from cluster.kube import namespace
from project import end, start
from serving import HERE

NAME = "diagnosis"
"""What the project's own planning calls it."""
SELECTOR = f"app.kubernetes.io/name={NAME}"
CALLER = 30080
"""Port of the node at which the tests call the service."""


FOLLOW = """
import sys
from deploy.follow import Place, TakenBack, follow
try:
    follow(Place(sys.argv[1], sys.argv[2]))
except TakenBack as error:
    sys.exit(str(error))
"""


class Release:
    """The service in a namespace of its own.

    Args:
        kube: the namespace.
        project: whose service it is.
        python: its environment's.
        usual: settings of each release, unless told otherwise.
    """

    port = CALLER

    def __init__(self, kube, project, python, usual):
        self.kube, self._project, self._python, self._usual = kube, project, python, usual
        self._objects = []

    def deploy(self, **settings):
        """Puts a release onto the cluster, but for objects that are as before, like Pulumi; returns all of them."""
        chosen = {**self._usual, "namespace": self.kube.namespace, **settings}
        objects = planned(self._project, self._python, "dev", **chosen)
        if changed := [reached(one) for one in objects if one not in self._objects]:
            self.kube.apply(*changed)
        self._objects = objects
        return objects

    def follow(self):
        """Waits for the outcome as `make deploy` does; returns whether the release stays, and what was told."""
        code, said = ran(self._project, self._python, "-c", FOLLOW, NAME, self.kube.namespace)
        return code == 0, said

    @property
    def ready(self):
        """The pods that are ready and not about to end."""
        return [pod for pod in self.kube.pods(SELECTOR) if is_ready(pod)]


def planned(project, python, environment, **settings):
    """The objects that a project's deployment plans."""
    code, said = ran(project, python, HERE / "cluster/objects.py", environment, json.dumps(settings))
    assert code == 0, said
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def ran(project, python, *words):
    """Exit code and output of the project's Python, which finds all of its packages and tests."""
    path = os.pathsep.join(str(project / part) for part in ("", "src", "tests"))
    process = start(project, python, *words, PYTHONPATH=path)
    try:
        said, _ = process.communicate(timeout=600)
    finally:
        end(process)
    return process.returncode, said


def reached(one):
    """The same object, but the service's own Service is reached from outside the cluster, where the tests are."""
    if one["kind"] != "Service" or one["metadata"]["name"] != NAME:
        return one
    (port,) = one["spec"]["ports"]
    return {**one, "spec": {**one["spec"], "type": "NodePort", "ports": [{**port, "nodePort": CALLER}]}}


def is_ready(pod):
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


@contextmanager
def furnished(kubectl, material):
    """A namespace with the service's secrets."""
    with namespace(kubectl) as kube:
        files = {"api-keys.json": "api-keys.json", "audit-key.pem": "audit.pem", "audit-input-key": "audit-input"}
        kube.secret(f"{NAME}-service", **{key: (material.folder / file).read_text() for key, file in files.items()})
        kube.secret(f"{NAME}-registry", MLFLOW_TRACKING_USERNAME="reader", MLFLOW_TRACKING_PASSWORD="unused")
        yield kube
