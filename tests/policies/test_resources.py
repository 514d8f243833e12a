"""Objects of Kubernetes and of Pulumi in one shape, whatever kind holds the pods."""

import json

import pytest

from readiness.facts import Facts
from readiness.facts.kubernetes import gather, read_text
from readiness.facts.pulumi import read_plan
from readiness.facts.resources import Resources, WrongShape, fields, items, mappings
from readiness.facts.unknown import UnknownValue

POD = "{containers: [{name: web, image: web}]}"
HOLDERS = {
    "Pod": f"apiVersion: v1\nkind: Pod\nspec: {POD}",
    "Deployment": f"apiVersion: apps/v1\nkind: Deployment\nspec: {{template: {{spec: {POD}}}}}",
    "CronJob": f"apiVersion: batch/v1\nkind: CronJob\nspec: {{jobTemplate: {{spec: {{template: {{spec: {POD}}}}}}}}}",
    "Rollout": f"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {{template: {{spec: {POD}}}}}",
    "ScaledJob": f"apiVersion: keda.sh/v1\nkind: ScaledJob\nspec: {{jobTargetRef: {{template: {{spec: {POD}}}}}}}",
    "InferenceService": f"apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nspec: {{predictor: {POD}}}",
    "KnativeService": f"apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {{template: {{spec: {POD}}}}}",
    "RayCluster": f"apiVersion: ray.io/v1\nkind: RayCluster\nspec: {{headGroupSpec: {{template: {{spec: {POD}}}}}}}",
    "PodTemplate": f"apiVersion: v1\nkind: PodTemplate\ntemplate: {{spec: {POD}}}",
    "any other": f"apiVersion: example.com/v1\nkind: Thing\nspec: {{parts: [{{deep: {POD}}}]}}",
}


def facts(text):
    return Facts(resources=Resources(*gather(read_text(text, "a.yaml"))))


@pytest.mark.parametrize("text", HOLDERS.values(), ids=HOLDERS)
def test_every_kind_that_holds_a_pod_template_is_a_workload(text):
    (container,) = facts(text).containers
    assert (container.name, container.role) == ("web", "containers")


def test_each_group_of_a_ray_cluster_is_a_workload():
    text = (
        "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: ray}\nspec:\n"
        f"  headGroupSpec: {{template: {{spec: {POD}}}}}\n"
        f"  workerGroupSpecs: [{{template: {{spec: {POD}}}}}, {{template: {{spec: {POD}}}}}]\n"
    )
    assert len(facts(text).workloads) == 3


def test_a_model_of_kserve_is_a_container():
    text = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nspec: {predictor: {model: {image: x}}}"
    (container,) = facts(text).containers
    assert container.body["image"] == "x"


@pytest.mark.parametrize("template", ['"{{ .Values.pod }}"', "wrong", "{spec: wrong}", "{spec: {containers: wrong}}"])
def test_pods_that_cannot_be_told_are_a_workload_that_cannot_be_read(template):
    found = facts(f"apiVersion: apps/v1\nkind: Deployment\nspec: {{template: {template}}}")
    (container,) = found.containers
    with pytest.raises((UnknownValue, WrongShape)):
        container.body.get("readinessProbe")


def test_names_follow_kubectl():
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}"
    )
    assert [one.label for one in facts(text).resources.all] == ["Service/default/a", "Namespace/-/b"]


def test_the_items_of_a_list_are_resources():
    text = "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Service, metadata: {name: a}}]"
    assert [one.name for one in facts(text).resources.all] == ["a"]


@pytest.mark.parametrize("hole", ["{{ .Values.x }}", "${X}", "a-${X}-b"])
def test_what_a_template_leaves_open_is_unknown(hole):
    (service,) = facts(f'apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{type: "{hole}"}}').resources.all
    with pytest.raises(UnknownValue):
        service.spec["type"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [("PrometheusRule", "groups"), ("AnalysisTemplate", "metrics"), ("ConfigMap", "data")],
)
def test_templates_that_belong_to_the_object_are_known(kind, place):
    (one,) = facts(f'apiVersion: v1\nkind: {kind}\nspec: {{{place}: "{{{{ $labels.x }}}}"}}').resources.all
    assert one.spec[place] == "{{ $labels.x }}"


def state(type, name, inputs, **more):
    return {"newState": {"type": type, "urn": f"urn:pulumi:prod::web::{type}::{name}", "inputs": inputs, **more}}


def test_a_plan_gives_resources_with_protection_and_unknown_values():
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    plan = {
        "steps": [
            state(
                "aws:rds/instance:Instance",
                "db",
                {"port": 5432.0, "kmsKeyId": unknown, "password": secret},
                protect=True,
            ),
            state(
                "kubernetes:core/v1:Service",
                "web",
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}},
            ),
            {"op": "delete", **state("aws:s3/bucket:Bucket", "old", {})},
            state("pulumi:providers:aws", "default", {}),
        ]
    }
    database, service = read_plan(json.loads(json.dumps(plan)), "plan.json")
    assert (database.label, database.protected) == ("aws:rds/instance:Instance/-/db", True)
    assert database.spec["port"] == 5432
    assert type(database.spec["port"]) is int
    for key in ("kmsKeyId", "password"):
        with pytest.raises(UnknownValue):
            database.spec[key]
    assert service.label == "Service/default/web"


@pytest.mark.parametrize("read", [fields, items, mappings])
def test_a_value_of_the_wrong_type_is_told_with_its_path(read):
    with pytest.raises(WrongShape, match=r"spec\.x is a number"):
        read({"spec": {"x": 5}}, "spec", "x")


def test_an_entry_of_the_wrong_type_is_told_with_its_place():
    with pytest.raises(WrongShape, match=r"x\[1\] is text"):
        mappings({"x": [{}, "y"]}, "x")
