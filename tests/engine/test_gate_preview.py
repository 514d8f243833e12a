"""`readiness preview --engine`: the gate judges what the real engine plans, and nothing unknown passes."""

import json
import subprocess
import sys

import pytest
from commands import POLICIES

from engine.shell import shell

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random

bucket = aws.s3.Bucket("models", bucket="airworthy-models")
password = random.RandomPassword("password", length=24)
labels = {"app": "web"}
container = {
    "name": "web",
    "image": bucket.arn.apply(lambda name: "redis:latest"),
    "env": [{"name": "KEY", "value": password.result}],
}
kubernetes.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": "services"},
    spec={
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    },
)
"""
SERVICE = """
kubernetes.core.v1.Service(
    "web", metadata={"name": "web", "namespace": "services"}, spec={"selector": {"app": "wep"}, "ports": [{"port": 80}]}
)
"""
ASKED = ("D1.image-exact", "D2.replicas", "D2.service-selects", "S2.pod-literals")


class Project:
    """A Pulumi project with a stack for prod, and a user's shell."""

    def __init__(self, folder, providers):
        self.folder = folder / "web"
        self.folder.mkdir()
        self.variables = shell(folder, providers, PYTHONPATH=str(POLICIES))
        (self.folder / "Pulumi.yaml").write_text("name: web\nruntime: python\n")
        self.program(PROGRAM + SERVICE)
        self.pulumi("stack", "init", "prod")

    def program(self, text):
        (self.folder / "__main__.py").write_text(text)

    def pulumi(self, *arguments):
        command = ["pulumi", *arguments, "--non-interactive"]
        subprocess.run(command, cwd=self.folder, env=self.variables, check=True, capture_output=True)

    def preview(self, *options, **variables):
        """Exit code, output and errors of the gate; a variable that is None is not set."""
        command = [sys.executable, "-m", "readiness", "preview", str(self.folder), "--engine", "--format", "json"]
        changed = {name: value for name, value in {**self.variables, **variables}.items() if value is not None}
        done = subprocess.run([*command, *options], env=changed, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def verdicts(self):
        """The verdicts of the controls that are asked about here."""
        code, output, errors = self.preview()
        assert code == 1, errors
        return {one["control"]: one["verdict"] for one in json.loads(output)["results"] if one["control"] in ASKED}


@pytest.fixture
def project(tmp_path, standin):
    with standin.served() as providers:
        yield Project(tmp_path, providers)


def test_what_is_planned_is_judged_and_nothing_is_done(project, standin):
    assert project.verdicts() == {
        "D1.image-exact": "not-evaluated",  # it hangs on a bucket that is not there yet
        "D2.replicas": "pass",
        "D2.service-selects": "fail",
        "S2.pod-literals": "not-evaluated",  # Pulumi shows no secrets
    }
    assert not standin.touched()


def test_what_is_deployed_and_stays_as_it_is_is_judged_as_well(project):
    project.pulumi("up", "--yes", "--stack", "prod")
    assert project.verdicts() == {
        "D1.image-exact": "fail",
        "D2.replicas": "pass",
        "D2.service-selects": "fail",
        "S2.pod-literals": "not-evaluated",
    }


def test_what_will_be_gone_is_not_judged(project):
    project.pulumi("up", "--yes", "--stack", "prod")
    project.program(PROGRAM)
    assert "D2.service-selects" not in project.verdicts()


def test_half_a_plan_is_not_judged(project):
    project.pulumi("up", "--yes", "--stack", "prod")
    project.program(PROGRAM + "raise ValueError('no such zone')")
    code, output, errors = project.preview()
    assert (code, output) == (2, "")
    assert "ValueError: no such zone" in errors


def test_a_plan_without_anything_to_judge_is_no_pass(project):
    project.program("import pulumi")
    code, _, errors = project.preview()
    assert code == 2
    assert "nothing is planned that the gate knows" in errors


@pytest.mark.parametrize(
    ("program", "variables", "options", "said"),
    [
        (PROGRAM, {"PULUMI_CONFIG_PASSPHRASE": None}, (), "passphrase must be set with PULUMI_CONFIG_PASSPHRASE"),
        (PROGRAM, {"PULUMI_CONFIG_PASSPHRASE": "wrong"}, (), "incorrect passphrase"),
        (PROGRAM, {"PATH": "/nowhere"}, (), "--engine needs the command pulumi: https://www.pulumi.com/docs/install/"),
        (PROGRAM, {}, ("--environment", "dev"), "no stack named 'dev' found"),
        (PROGRAM, {}, ("--python", "python3"), "Pulumi.yaml says which one the engine runs"),
        ("raise ValueError('no such zone')", {}, (), "ValueError: no such zone"),
        ("import nowhere", {}, (), "ModuleNotFoundError: No module named 'nowhere'"),
        (PROGRAM, {"PULUMI_DEBUG_PROVIDERS": "aws:1"}, (), "has no preview: "),
        (PROGRAM, {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}, (), "pulumi said nothing of it in JSON"),
    ],
    ids=[
        "no-passphrase",
        "wrong-passphrase",
        "no-command",
        "no-stack",
        "python",
        "raises",
        "imports",
        "no-provider",
        "streams",
    ],
)
def test_a_preview_that_fails_is_told_in_one_line(project, program, variables, options, said):
    project.program(program)
    code, output, errors = project.preview(*options, **variables)
    assert (code, output) == (2, "")
    assert said in errors
    assert errors.count("\n") == 1, errors
    assert "Traceback" not in errors
