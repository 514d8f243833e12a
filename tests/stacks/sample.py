"""A project of the tests' own, for what all projects share."""

from typing import Annotated

from mocks import Secret, plan
from pulumi import ResourceOptions
from pydantic import Field, SecretStr

from stacks.platform.component import Component
from stacks.platform.providers import aws_provider, kubernetes_provider
from stacks.platform.settings import Block, StackSettings, allowed_in, load
from stacks.platform.tags import tag_everything

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
