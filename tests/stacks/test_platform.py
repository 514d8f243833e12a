"""What all stacks share: references, tags, protection, components; and that Pulumi can run each project."""

import subprocess
import sys

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest
from mocks import ENVIRONMENTS, STACKS, Secret, configuration, plan
from pulumi import ResourceOptions
from sample import AWS, CLUSTER, NAME, Sample, built, keys

from stacks.platform.errors import MissingOutput
from stacks.platform.protection import data, foundation
from stacks.platform.references import Stacks
from stacks.platform.settings import load
from stacks.platform.tags import REQUIRED, taggable

PROJECTS = ("cluster", "secrets")


class TestReferences:
    def test_outputs_come_from_the_same_environment_and_organization(self):
        def program():
            cluster = Stacks(load(Sample)).cluster
            pulumi.export("namespaces", cluster.namespaces)
            pulumi.export("kubeconfig", cluster.kubeconfig)

        found = plan(program, NAME, "dev", keys(organization="acme"), CLUSTER)
        assert found.outputs == {"namespaces": {"services": "services"}, "kubeconfig": Secret("a secret kubeconfig")}
        assert found.references == ["acme/airworthy-cluster/dev"]

    def test_a_missing_output_says_which_stack_to_bring_up(self):
        def program():
            pulumi.export("uri", Stacks(load(Sample)).registry.tracking_uri)

        with pytest.raises(
            MissingOutput, match=r"airworthy-registry/prod has no output \w+; .* make up ENV=prod STACK=reg"
        ):
            plan(program, NAME, "prod", keys(), {"airworthy-registry": {}})

    def test_outputs_of_aws_are_asked_for_there_only(self):
        def program():
            pulumi.export("vpc", Stacks(load(Sample)).cluster.vpc_id)

        assert plan(program, NAME, "dev", keys(), CLUSTER).outputs == {}
        with pytest.raises(MissingOutput, match="has no output"):
            plan(program, NAME, "dev", keys(cloud="aws", aws=AWS), CLUSTER)


class TestTags:
    def test_everything_says_whose_it_is_and_keeps_its_own(self):
        def build(box, settings):
            aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"Name": "vpc", "owner": "me"}, opts=box.child())
            kubernetes.core.v1.ConfigMap("map", metadata={"name": "map", "labels": {"app": "x"}}, opts=box.child())
            kubernetes.apiextensions.CustomResource(
                "rollout", api_version="argoproj.io/v1alpha1", kind="Rollout", metadata={"name": "r"}, opts=box.child()
            )
            aws.ec2.Route("route", route_table_id="x", destination_cidr_block="10.0.0.0/8", opts=box.child())

        found = built(build)
        own = dict(zip(REQUIRED, ("dev", "platform", "ml", "pulumi", NAME), strict=True))
        assert found.one(":Vpc").inputs["tags"] == {"Name": "vpc", **own}
        assert own.items() <= found.one(":ConfigMap").inputs["metadata"]["labels"].items()
        assert found.one(":ConfigMap").inputs["metadata"]["labels"]["app"] == "x"
        assert own.items() <= found.one(":Rollout").inputs["metadata"]["labels"].items()
        assert "tags" not in found.one(":Route").inputs

    @pytest.mark.parametrize(
        ("token", "found"),
        [
            ("aws:ec2/vpc:Vpc", True),
            ("aws:lambda/function:Function", True),
            ("aws:iam/rolePolicy:RolePolicy", False),
            ("pulumi:providers:aws", False),
            ("airworthy:cluster:Eks", False),
            ("kubernetes:core/v1:Secret", False),
        ],
    )
    def test_what_can_be_tagged_is_known(self, token, found):
        assert taggable(token) is found


@pytest.mark.parametrize(
    ("stack", "of_foundation", "of_data", "left"),
    [("dev", False, False, False), ("staging", False, True, False), ("prod", True, True, True)],
)
def test_protection_by_environment(stack, of_foundation, of_data, left):
    def build(box, settings):
        aws.ec2.Vpc("base", opts=box.child(foundation(settings)))
        aws.s3.Bucket("data", opts=box.child(data(settings)))
        aws.s3.Bucket("other", opts=box.child())

    found = built(build, stack=stack)
    assert found.one(":Vpc").protect is of_foundation
    assert (found.one(":Bucket", "data").protect, found.one(":Bucket", "data").retain) == (of_data, left)
    assert (found.one(":Bucket", "other").protect, found.one(":Bucket", "other").retain) == (False, False)


def test_a_component_owns_what_it_makes():
    def build(box, settings):
        made = aws.s3.Bucket("first", opts=box.child())
        aws.s3.Bucket("second", opts=box.child(ResourceOptions(aliases=[pulumi.Alias(name="old")]), depends_on=[made]))

    found = built(build)
    box, second = found.one("airworthy:sample:Box"), found.one(":Bucket", "second")
    assert second.parent == box.urn
    assert second.dependencies == {found.one(":Bucket", "first").urn}
    assert "old" in second.aliases
    assert found.one("pulumi:providers:aws").urn in second.provider


def test_a_provider_refuses_other_accounts():
    assert (
        built(lambda box, settings: None).one("pulumi:providers:aws").inputs["allowedAccountIds"] == '["123456789012"]'
    )


@pytest.mark.parametrize("project", PROJECTS)
def test_projects_can_be_run_by_pulumi(project):
    folder = STACKS / project
    assert f"name: airworthy-{project}\n" in (folder / "Pulumi.yaml").read_text()
    shadows = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir() if path.is_dir()}
    assert not shadows & sys.stdlib_module_names, "would hide a module of Python, as the folder is first on its path"
    assert {f"airworthy-{project}"} == {
        key.split(":")[0] for name in ENVIRONMENTS for key in configuration(project, name)
    }


@pytest.mark.parametrize("project", PROJECTS)
def test_the_entry_point_finds_the_stacks_from_its_own_folder(project):
    """Without an engine it gets as far as the program's own check of the settings."""
    ran = subprocess.run(
        [sys.executable, "__main__.py"], cwd=STACKS / project, capture_output=True, text=True, check=False
    )
    assert "SettingsError" in ran.stderr
    assert "ModuleNotFoundError" not in ran.stderr


def test_imports_go_one_way():
    command = [sys.executable, "-m", "importlinter.cli", "lint-imports", "--config", "stacks/pyproject.toml"]
    ran = subprocess.run(command, cwd=STACKS.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
