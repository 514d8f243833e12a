"""What all stacks share: settings, references, tags, protection; and that each rule of ours finds its offender."""

import subprocess
import sys
from typing import Annotated

import offences
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pytest
from mocks import ENVIRONMENTS, STACKS, Secret, configuration, plan
from pulumi import ResourceOptions
from pydantic import Field, SecretStr
from stacks.platform.component import Component
from stacks.platform.errors import MissingOutput, SettingsError
from stacks.platform.protection import data, foundation
from stacks.platform.providers import aws_provider, kubernetes_provider
from stacks.platform.references import Stacks
from stacks.platform.settings import Block, StackSettings, allowed_in, load
from stacks.platform.tags import REQUIRED, tag_everything, taggable

PROJECTS = ("cluster", "secrets")
NAME = "airworthy-sample"
AWS = {"region": "eu-central-1", "account": "123456789012"}
CLUSTER = {"airworthy-cluster": {"namespaces": {"services": "services"}, "kubeconfig": Secret("a secret kubeconfig")}}


class Pool(Block):
    size: int = Field(ge=1, description="how many")


class Sample(StackSettings):
    pools: tuple[Pool, ...] = ()
    context: Annotated[str | None, allowed_in("kubernetes")] = None
    token: SecretStr | None = None


class Box(Component):
    """A component that holds what its builder makes."""

    kind = "sample:Box"

    def __init__(self, name, build, opts=None):
        super().__init__(name, opts)
        build(self)
        self.register_outputs({})


def keys(**values):
    """A configuration that is sound but for what is given; None leaves a key out."""
    sound = {"cloud": "kubernetes", "owner": "platform", "cost_centre": "ml"} | values
    return {f"{NAME}:{key}": value for key, value in sound.items() if value is not None}


def loaded(config, stack="dev", secret_keys=(), model=Sample):
    """The settings that a program gets to see."""
    found = []
    plan(lambda: found.append(load(model)), NAME, stack, config, secret_keys=secret_keys)
    return found[0]


def refusal(config, stack="dev", secret_keys=()):
    with pytest.raises(SettingsError) as refused:
        loaded(config, stack, secret_keys)
    return str(refused.value).splitlines()


def built(build, config=None, stack="dev", others=None):
    """The plan of a program that tags everything and builds in one box, with providers for both clouds."""

    def program():
        settings = load(Sample)
        tag_everything(settings)
        providers = [kubernetes_provider(None, None)]
        if settings.cloud == "aws":
            providers.append(aws_provider(settings))
        Box("box", lambda box: build(box, settings), ResourceOptions(providers=providers))

    return plan(program, NAME, stack, config or keys(cloud="aws", aws=AWS), others)


class TestSettings:
    def test_sound_settings_are_read(self):
        found = loaded(keys(cloud="aws", aws=AWS, pools=[{"size": 3}]), "prod")
        assert (found.environment, found.prod, found.dev) == ("prod", True, False)
        assert found.in_aws.account == "123456789012"
        assert found.pools[0].size == 3

    def test_all_that_is_wrong_is_told_at_once(self):
        wrong = keys(cloud="azure", owner=None, cost_centre="No Label", ownr="x", pools=[{"size": 0}, {"sise": 1}])
        told = refusal({**wrong, f"{NAME}:environment": "dev", "aws:region": "eu-central-1"}, "staging")
        assert told[0] == f"Pulumi.staging.yaml of {NAME} does not do:"
        for start in (
            "aws:region: does nothing here",
            "environment: the name of the stack says it",
            "cloud: Input should be 'kubernetes' or 'aws'",
            "owner: missing (the team that answers for it)",
            "cost_centre: String should match pattern",
            "ownr: there is no such setting; did you mean owner?",
            "pools.0.size: Input should be greater than or equal to 1 (how many)",
            "pools.1.size: missing (how many)",
            "pools.1.sise: there is no such setting; did you mean size?",
        ):
            assert [line for line in told if line.strip().startswith(start)], (start, told)
        assert len(told) == 10

    def test_a_stack_is_named_after_an_environment(self):
        assert "the stack is named 'test'; an environment is one of dev, staging, prod" in refusal(keys(), "test")[1]

    def test_what_a_cloud_needs_is_asked_for(self):
        assert refusal(keys(cloud="aws"))[1].strip().startswith("aws: needed because cloud is aws")

    @pytest.mark.parametrize(
        ("cloud", "more"), [("kubernetes", {"aws": AWS}), ("aws", {"aws": AWS, "context": "kind"})]
    )
    def test_what_would_do_nothing_is_refused(self, cloud, more):
        assert f"does nothing because cloud is {cloud}; remove it" in refusal(keys(cloud=cloud, **more))[1]

    def test_a_secret_must_be_stored_as_one(self):
        told = refusal(keys(token="do-not-show-this"))
        assert "token: a secret stored in clear" in told[1]
        assert "pulumi config set --secret token" in told[1]
        assert "do-not-show-this" not in "".join(told)
        kept = loaded(keys(token="do-not-show-this"), secret_keys=(f"{NAME}:token",))
        assert kept.token.get_secret_value() == "do-not-show-this"
        assert "do-not-show-this" not in repr(kept)

    def test_what_would_not_stay_a_secret_is_refused(self):
        assert "owner: no secret" in refusal(keys(), secret_keys=(f"{NAME}:owner",))[1]

    def test_the_message_comes_without_a_stack_trace(self):
        assert issubclass(SettingsError, pulumi.RunError)


class TestReferences:
    def test_outputs_come_from_the_same_environment_and_organization(self):
        seen = []

        def program():
            cluster = Stacks(load(Sample)).cluster
            pulumi.export("namespaces", cluster.namespaces)
            pulumi.export("kubeconfig", cluster.kubeconfig)

        class Others(dict):
            def __getitem__(self, project):
                seen.append(project)
                return super().__getitem__(project)

        found = plan(program, NAME, "dev", keys(organization="acme"), Others(CLUSTER))
        assert found.outputs == {"namespaces": {"services": "services"}, "kubeconfig": Secret("a secret kubeconfig")}
        assert set(seen) == {"airworthy-cluster"}

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


class Bad:
    """One offender for each rule: what it makes, and what the rule says of it."""

    @staticmethod
    def orphans(box, settings):
        random.RandomId("alone", byte_length=4)

    @staticmethod
    def unregistered(box, settings):
        Component.kind = "sample:Bare"
        Component("bare", box.child())

    @staticmethod
    def default_providers(box, settings):
        aws.s3.Bucket("anywhere")

    @staticmethod
    def untagged(box, settings):
        pulumi.runtime.register_resource_transform(
            lambda args: pulumi.ResourceTransformResult({**args.props, "tags": {"owner": "x"}}, args.opts)
        )
        aws.s3.Bucket("bare", opts=box.child())

    @staticmethod
    def leaks(box, settings):
        made = random.RandomPassword("secret", length=32, opts=box.child())
        shown = pulumi.Output.unsecret(made.result)
        kubernetes.core.v1.ConfigMap("map", metadata={"name": "map"}, data={"password": shown}, opts=box.child())

    @staticmethod
    def unencrypted(box, settings):
        aws.cloudwatch.LogGroup("log", opts=box.child())

    @staticmethod
    def public(box, settings):
        aws.vpc.SecurityGroupIngressRule(
            "open", security_group_id="x", ip_protocol="tcp", cidr_ipv4="0.0.0.0/0", opts=box.child()
        )


@pytest.mark.parametrize("rule", offences.RULES, ids=lambda rule: rule.__name__)
def test_every_rule_finds_its_offender(rule, monkeypatch):
    monkeypatch.setattr(Component, "kind", "sample:Bare", raising=False)
    assert list(rule(built(getattr(Bad, rule.__name__))))


def test_a_shown_output_is_found():
    def program():
        pulumi.export("password", pulumi.Output.unsecret(random.RandomPassword("secret", length=32).result))

    assert list(offences.leaks(plan(program, NAME, "dev", keys())))


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
