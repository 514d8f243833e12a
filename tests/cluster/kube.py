"""kubectl on the cluster that KUBECONFIG names, as far as these tests need it."""

import json
import secrets
import subprocess
from contextlib import contextmanager

from project import until

RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}

OURS = "airworthy-tests"


class Kube:
    """One namespace of the cluster.

    Args:
        kubectl: the command.
        namespace: its name.
    """

    def __init__(self, kubectl, namespace):
        self.kubectl, self.namespace = kubectl, namespace

    def run(self, *words):
        """What a command prints; it must succeed."""
        return self._done(words).stdout

    def _done(self, words, given=None):
        done = subprocess.run(
            [self.kubectl, "--namespace", self.namespace, *map(str, words)],
            input=given,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"kubectl {' '.join(map(str, words))}:\n{done.stdout}{done.stderr}"
        return done

    def apply(self, *objects, dry=False):
        """Puts objects onto the cluster by server-side apply, as Pulumi does, or only has the API server judge them.

        It must not even warn.
        """
        text = "\n---\n".join(map(json.dumps, objects))
        words = ("apply", "--server-side", "--force-conflicts", "--field-manager=pulumi", "--filename=-")
        said = self._done((*words, "--dry-run=server") if dry else words, given=text).stderr
        assert not said, said

    def get(self, *words):
        """Objects, as the API server has them."""
        return json.loads(self.run("get", *words, "--output=json"))

    def pods(self, selector):
        return self.get("pods", f"--selector={selector}")["items"]

    def secret(self, name, **contents):
        """A Secret; file names as keys, with underscores for what Python names cannot hold."""
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": contents})

    def told(self):
        """What happened in the namespace, for the message of a test that fails."""
        events = self.run("get", "events", "--sort-by=.lastTimestamp", "--no-headers")
        return "\n".join([*events.splitlines()[-30:], self.run("get", "all", "--output=wide")])

    def until(self, condition, seconds=180):
        """Waits for a condition; when it does not come, the cluster's events are told."""
        try:
            return until(condition, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.told()}") from error


@contextmanager
def namespace(kubectl):
    """A new namespace that admits only pods without rights; told to go afterwards.

    Those of tests that were killed go first, as only one at a time can have the port of the node.
    """
    left = ("--selector", OURS, "--field-selector", "status.phase=Active")
    Kube(kubectl, "default").run("delete", "namespace", *left)
    kube = Kube(kubectl, f"airworthy-tests-{secrets.token_hex(4)}")
    labels = RESTRICTED | {OURS: "true"}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": kube.namespace, "labels": labels}})
    try:
        yield kube
    finally:
        kube.run("delete", "service", "--all")  # the port is free at once, the namespace when its pods have ended
        kube.run("delete", "namespace", kube.namespace, "--wait=false")
