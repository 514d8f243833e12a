"""Every rule of the stacks finds its offender."""

import offences
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pytest
from mocks import plan
from sample import NAME, built, keys

from stacks.platform.component import Component


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
