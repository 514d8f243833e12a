"""Checkov itself loads our checks, and says of the kinds that it is blind to what the gate says."""

import json
import os
import shutil
import subprocess
from collections import defaultdict

import pytest
import yaml
from bodies import KINDS, custom, of_fixtures
from commands import POLICIES, readiness

from readiness.controls import catalogue

CONTROLS = [control for control in catalogue("resources") if control.alone]
JOBS = ["D3.drain", "D3.liveness-probe", "D3.probe-differs", "D3.probe-port", "D3.readiness-probe", "S5.record-kept"]
REVISIONS = ["D5.history", "D5.progress-deadline"]
NOT_DEMANDED = {  # of what runs to completion, and of what keeps its revisions in its own way
    "InferenceService": REVISIONS,
    "RayCluster": REVISIONS,
    "Service": [*REVISIONS, "D3.drain"],
    "ScaledJob": [*REVISIONS, *JOBS],
}
TWICE = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: twice, namespace: services}
spec:
  template:
    spec: {hostNetwork: true, hostNetwork: false, containers: [{name: web, image: web}]}
"""
POD = {"spec": {"hostNetwork": True, "containers": [{"name": "web", "image": "web:1.0.0"}]}}
IN_KUBERNETES = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": POD}}


def scan(checkov, folder, policies=POLICIES):
    """The exit code of Checkov, and what it says of a folder by its own checks and ours."""
    command = [checkov, "--directory", folder, "--skip-download", "--framework", "kubernetes", "--output", "json"]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command), "--compact", "--external-checks-dir", str(policies / "checkov")],
        capture_output=True,
        env=own,
        text=True,
    )
    assert done.stdout, done.stderr
    return done.returncode, [one for part in json.loads(done.stdout)["results"].values() for one in part]


def name_of(control):
    return "CKV_READINESS_" + control.id.upper().replace(".", "_").replace("-", "_")


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    """A folder of good and bad objects of custom kinds, and of some that want a look of their own."""
    folder = tmp_path_factory.mktemp("manifests")
    excused = custom("Rollout", "excused", POD)
    excused["metadata"]["annotations"] = {"checkov.io/skip1": "CKV_READINESS_S3_HOST_NAMESPACES=it watches the node"}
    hole = custom("Rollout", "hole", {"spec": {"containers": [{"name": "web", "image": "${IMAGE}"}]}})
    hole["metadata"]["namespace"] = "${SPACE}"
    files = of_fixtures(CONTROLS) | {
        "excused.yaml": [excused],
        "hole.yaml": [hole],
        "kubernetes.yaml": [IN_KUBERNETES],
        "list.yaml": [{"apiVersion": "v1", "kind": "List", "items": [custom("Rollout", "listed", POD)]}],
    }
    for name, objects in files.items():
        (folder / name).write_text(yaml.safe_dump_all(objects))
    (folder / "object.json").write_text(json.dumps(custom("Rollout", "in-json", POD)))
    (folder / "twice.yaml").write_text(TWICE)
    return folder


@pytest.fixture(scope="module")
def found(checkov, manifests):
    """What our checks find in that folder."""
    return [one for one in scan(checkov, manifests)[1] if one["check_id"].startswith("CKV_READINESS_")]


def results(found, resource):
    return {one["check_id"]: one["check_result"] for one in found if one["resource"] == resource}


def test_every_control_that_judges_a_workload_alone_is_loaded(found):
    told = {one["check_id"]: (one["check_name"], one["severity"]) for one in found}
    assert told == {name_of(one): (one.title, one.severity.upper()) for one in CONTROLS}
    assert all(one["guideline"] for one in found)


@pytest.mark.parametrize("kind", KINDS)
def test_each_accepts_and_refuses_objects_of_each_kind(found, kind):
    said = defaultdict(set)
    for one in found:
        if one["resource"].startswith(f"{kind}."):
            said[one["check_id"]].add(one["check_result"]["result"])
    demanded = {name_of(one) for one in CONTROLS if one.id not in NOT_DEMANDED.get(kind, ())}
    assert {name: result for name, result in said.items() if {"PASSED", "FAILED"} <= result}.keys() == demanded
    assert said.keys() == demanded


def test_the_verdicts_are_those_of_the_gate(found, manifests):
    _, output, _ = readiness(manifests, "manifests", ".", "--format", "json")
    judged, own = defaultdict(set), {one.id: name_of(one) for one in CONTROLS}
    for one in json.loads(output)["results"]:
        kind, namespace, name = one["resource"].split("/")
        if one["control"] in own and namespace == "services" and name != "excused":
            judged[own[one["control"]], f"{kind}.{namespace}.{name}"].add(one["verdict"])
    expected = {asked: "PASSED" if verdicts == {"pass"} else "FAILED" for asked, verdicts in judged.items()}
    other = ("Rollout.services.excused", "Rollout.services.twice", "Rollout.${SPACE}.hole")
    told = {(one["check_id"], one["resource"]): one["check_result"]["result"] for one in found}
    assert {asked: result for asked, result in told.items() if asked[1] not in other} == expected


def test_what_is_not_known_has_failed_and_says_so(found):
    told = results(found, "Rollout.${SPACE}.hole")
    assert told["CKV_READINESS_D1_IMAGE_EXACT"]["result"] == "FAILED"
    assert told["CKV_READINESS_D1_IMAGE_EXACT"]["details"][0].startswith("not evaluated: image is not known"), told
    assert told["CKV_READINESS_S3_HOST_NAMESPACES"]["result"] == "PASSED"


def test_what_readers_would_read_differently_has_failed(found):
    told = results(found, "Rollout.services.twice")
    assert {one["result"] for one in told.values()} == {"FAILED"}
    assert len(told) == len(CONTROLS)


def test_what_is_wrong_is_told_with_its_remedy(found):
    told = results(found, "Rollout.services.listed")["CKV_READINESS_S3_HOST_NAMESPACES"]
    assert "hostNetwork" in told["details"][0]
    assert "(line " in told["details"][0]


def test_an_object_is_excused_as_checkov_has_it(found):
    told = results(found, "Rollout.services.excused")["CKV_READINESS_S3_HOST_NAMESPACES"]
    assert told["result"] == "SKIPPED"
    assert told["suppress_comment"] == "it watches the node"


def test_kinds_of_kubernetes_are_left_to_checkov(found):
    assert not results(found, "Deployment.default.web")


def test_checks_that_cannot_be_loaded_let_nothing_pass(checkov, tmp_path):
    broken = tmp_path / "policies"
    shutil.copytree(POLICIES, broken, ignore=shutil.ignore_patterns("fixtures", "__pycache__"))
    with (broken / "readiness" / "controls" / "probes.py").open("a") as module:
        module.write("raise ValueError('broken')\n")
    judged = tmp_path / "judged"
    judged.mkdir()
    (judged / "web.yaml").write_text(yaml.safe_dump(custom("Rollout", "web", POD)))
    code, found = scan(checkov, judged, broken)
    assert code == 1
    assert [one["check_name"] for one in found] == ["The checks of readiness can be loaded (ValueError: broken)"]
