"""A real API server accepts what the cluster's and the secrets' projects plan: every field is known and valid to it.

It is asked to apply without doing so. The kinds of the External Secrets Operator must be known to it.
"""

import subprocess
from copy import deepcopy

import pytest
import yaml

from needs import need, need_cluster, need_command

PREFIX = "accepted-"
NAMESPACES = ("services", "platform", "observability", "argo-rollouts", "keda")


@pytest.fixture(scope="module")
def kubectl():
    """Runs kubectl on the cluster of KUBECONFIG: kubectl("get", "pods", given="…")."""
    need_cluster()
    command = need_command("kubectl")

    def run(*arguments, given=None):
        return subprocess.run([command, *arguments], input=given, capture_output=True, text=True, check=False)

    known = run("get", "crd", "externalsecrets.external-secrets.io", "--request-timeout=10s")
    need(known.returncode == 0, f"a cluster with External Secrets' kinds: {known.stderr.strip()[-120:]}", "cluster")
    return run


@pytest.fixture(scope="module")
def namespaces(kubectl):
    """Namespaces of the test's own, as objects need one even when they are not made."""
    for name in NAMESPACES:
        kubectl("create", "namespace", PREFIX + name)
    yield
    for name in NAMESPACES:
        kubectl("delete", "namespace", PREFIX + name, "--wait=false")


def objects(found):
    """The Kubernetes objects of a plan, put into the test's own namespaces."""
    for each in found:
        if each.type.startswith("kubernetes:") and "kind" in each.inputs:
            made = deepcopy(each.inputs)
            if "namespace" in made["metadata"]:
                made["metadata"]["namespace"] = PREFIX + made["metadata"]["namespace"]
            yield made


def refused(kubectl, made):
    """What the server says against objects; empty if it takes them all."""
    command = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts", "-f", "-")
    ran = kubectl(*command, given=yaml.safe_dump_all(made))
    return ran.stderr if ran.returncode else ""


@pytest.mark.usefixtures("namespaces")
def test_every_object_is_accepted(kubectl, cluster_plan, secrets_plan, environment):
    made = [*objects(cluster_plan(environment)), *objects(secrets_plan(environment))]
    assert len(made) > 30
    assert refused(kubectl, made) == ""


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    ("kind", "field", "told"),
    [("NetworkPolicy", "podSelectors", "podSelectors"), ("ExternalSecret", "refresh", "refresh")],
)
def test_a_field_that_is_none_would_be_refused(kubectl, cluster_plan, secrets_plan, kind, field, told):
    made = [*objects(cluster_plan("prod")), *objects(secrets_plan("prod"))]
    wrong = next(each for each in made if each["kind"] == kind)
    wrong["spec"][field] = {}
    assert told in refused(kubectl, [wrong])
