"""What the cluster offers against what the generated service's deployment asks for: a drift of either side fails."""

import json
import os
import subprocess

import pytest
from mocks import STACKS

from stacks.cluster.roles import DEPLOYED

TEMPLATE = STACKS.parent / "{{cookiecutter.project_slug}}"
PLANS = """
import json
from planning import ENVIRONMENTS, plan
changes = [{}, *({"strategy": {"kind": kind}} for kind in ("rolling", "canary", "blue-green"))]
plans = [plan(name, **change) for name in ENVIRONMENTS for change in changes]
objects = [one for planned in plans for one in planned if one.type.startswith("kubernetes:")]
kinds = {(one.inputs["apiVersion"], one.kind) for one in objects}
classes = {one.inputs["spec"]["storageClassName"] for one in objects if one.kind == "PersistentVolumeClaim"}
print(json.dumps([sorted(kinds), sorted(classes)]))
"""


@pytest.fixture(scope="module")
def asked(project_env):
    """What the deployment makes by any strategy in any environment: kinds with their API versions, storage classes."""
    paths = os.pathsep.join(map(str, (TEMPLATE, TEMPLATE / "src", TEMPLATE / "tests")))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([project_env, "-c", PLANS], capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def plural(kind):
    """The name of a kind in the API."""
    name = kind.lower()
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def test_deployers_may_make_all_that_a_service_is_made_of(asked):
    kinds = {(version.rpartition("/")[0], plural(kind)) for version, kind in asked[0]}
    assert ("apps", "deployments") in kinds
    assert {(group, kind) for group, kind in kinds if kind not in DEPLOYED.get(group, ())} == set()


def test_volumes_are_of_classes_that_there_are(asked, cluster_plan):
    classes = {each.inputs["metadata"]["name"] for each in cluster_plan("prod").of(":StorageClass")}
    assert asked[1], "no volume was planned"
    assert set(asked[1]) <= classes


def test_a_kind_that_is_not_theirs_would_be_found():
    assert "secrets" not in DEPLOYED[""]
    assert plural("NetworkPolicy") in DEPLOYED["networking.k8s.io"]
