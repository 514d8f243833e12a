"""`readiness preview`: Pulumi programs are judged by what they plan, and what is unknown is no pass."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from needs import need

POLICIES = Path(__file__).parents[2] / "policies"
PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes

network = pulumi.StackReference("organization/network/prod")
labels = {"app": "web"}
kubernetes.core.v1.Service(
    "web",
    metadata={"name": "web", "namespace": network.get_output("namespace")},
    spec={"selector": {"app": "SELECTED"}, "ports": [{"port": 80}]},
    opts=pulumi.ResourceOptions(protect=True),
)
kubernetes.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": network.get_output("namespace")},
    spec={
        "replicas": pulumi.Config().require_int("replicas"),
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": IMAGE}]}},
    },
)
"""
NETWORK = """
import pulumi
import pulumi_kubernetes as kubernetes

made = kubernetes.core.v1.Namespace("services", metadata={"name": "services"})
pulumi.export("namespace", "services")
pulumi.export("uid", made.id)
"""


@pytest.fixture
def project(tmp_path):
    """Makes the folder of a Pulumi project: project("web", program, config)."""
    need(find_spec("pulumi_kubernetes"), "install requirements/stacks.txt")

    def make(name, program, config=None):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        (folder / "Pulumi.prod.yaml").write_text(json.dumps({"config": config or {}}))
        (folder / "__main__.py").write_text(program)
        return folder

    return make


def web(selected="web", image='"web@sha256:0"'):
    return PROGRAM.replace("SELECTED", selected).replace("IMAGE", image)


def preview(*arguments):
    command = [sys.executable, "-m", "readiness", "preview", *map(str, arguments), "--format", "json"]
    done = subprocess.run(command, cwd=POLICIES, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout)["results"] if done.stdout else done.stderr


def verdicts(results, control):
    return {(one["resource"], one["verdict"]) for one in results if one["control"] == control}


def test_what_a_program_plans_is_judged_and_outputs_go_from_stack_to_stack(project):
    network, service = project("network", NETWORK), project("web", web(), {"web:replicas": 2})
    _, results = preview(network, service)
    assert verdicts(results, "D2.service-selects") == {("Service/services/web", "pass")}
    assert verdicts(results, "D2.replicas") == {("Deployment/services/web", "pass")}


def test_a_service_that_selects_nothing_and_one_copy_are_refused(project):
    network, service = project("network", NETWORK), project("web", web("wep"), {"web:replicas": 1})
    code, results = preview(network, service)
    assert code == 1
    assert verdicts(results, "D2.service-selects") == {("Service/services/web", "fail")}
    assert verdicts(results, "D2.replicas") == {("Deployment/services/web", "fail")}


def test_what_only_a_provider_can_tell_is_not_evaluated(project):
    uid = 'network.get_output("uid").apply(lambda uid: f"web:{uid}")'
    code, results = preview(project("network", NETWORK), project("web", web(image=uid), {"web:replicas": 2}))
    assert code == 1
    assert verdicts(results, "D1.image-exact") == {("Deployment/services/web", "not-evaluated")}


def test_without_the_other_stack_its_outputs_are_unknown(project):
    _, results = preview(project("web", web(), {"web:replicas": 2}))
    assert verdicts(results, "D2.service-selects") == {("Service/(unknown)/web", "not-evaluated")}


def test_the_plan_is_kept_and_can_be_judged_again(project, tmp_path):
    kept = tmp_path / "plan.json"
    code, results = preview(project("network", NETWORK), project("web", web(), {"web:replicas": 2}), "--save", kept)
    command = [sys.executable, "-m", "readiness", "manifests", str(kept), "--format", "json"]
    again = subprocess.run(command, cwd=POLICIES, capture_output=True, text=True)
    assert again.returncode == code
    assert json.loads(again.stdout)["results"] == results


def test_a_program_that_fails_is_told_with_its_own_words(project):
    code, told = preview(project("web", "raise ValueError('no such zone')"))
    assert code == 2
    assert "no such zone" in told


def test_an_environment_without_settings_is_named(project):
    folder = project("web", web())
    code, told = preview(folder, "--environment", "staging")
    assert code == 2
    assert "Pulumi.staging.yaml is missing" in told


def test_a_folder_without_a_program_is_named(tmp_path):
    code, told = preview(tmp_path)
    assert code == 2
    assert "holds no Pulumi.yaml" in told


STORE = """
import json
import pulumi
import pulumi_aws as aws

bucket = aws.s3.Bucket("models")
role = aws.iam.Role("reader", assume_role_policy="{}")
aws.iam.RolePolicy(
    "reader",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": RESOURCE}]}
    ),
)
"""


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        ('pulumi.Output.concat(bucket.arn, "/*")', "pass"),
        ('"*"', "fail"),
        ("bucket.bucket_domain_name", "not-evaluated"),
    ],
)
def test_a_policy_is_judged_though_what_it_names_is_only_planned(project, resource, verdict):
    need(find_spec("pulumi_aws"), "install requirements/stacks.txt")
    _, results = preview(project("store", STORE.replace("RESOURCE", resource)), "--only", "S1.aws-least-privilege")
    assert verdicts(results, "S1.aws-least-privilege") >= {("aws:iam/rolePolicy:RolePolicy/-/reader", verdict)}


def test_a_setting_that_no_file_has_is_given(project):
    folders = project("network", NETWORK), project("web", web())
    _, results = preview(*folders, "--config", "web:replicas=2")
    assert verdicts(results, "D2.replicas") == {("Deployment/services/web", "pass")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--config", "replicas=2"), "--config replicas: begin it with the name of its project: web"),
        (("--config", "wep:replicas=2"), "--config wep:replicas: begin it with the name of its project: web"),
        (("--config", "web:replicas"), "--config web:replicas: write PROJECT:KEY=VALUE"),
        (("--config", "web:replicas=2", "--engine"), "pulumi config set KEY VALUE tells the engine"),
    ],
)
def test_a_setting_of_no_project_is_refused(project, options, said):
    code, told = preview(project("web", web()), *options)
    assert code == 2
    assert said in told


def test_a_project_without_a_name_is_refused(project):
    folder = project("web", web())
    (folder / "Pulumi.yaml").write_text("[]")
    code, told = preview(folder)
    assert code == 2
    assert "names no project" in told
