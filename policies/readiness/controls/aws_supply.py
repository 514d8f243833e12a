"""D1, S2, S3 and S4: AWS's registry, keys and private ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from readiness.control import Problem, control
from readiness.controls.literals import told
from readiness.facts import Facts
from readiness.facts.aws import belongs, on
from readiness.facts.resources import Resource
from readiness.facts.scalars import text

FSBP = "AWS Foundational Security Best Practices"
REPOSITORY = "aws:ecr/repository:Repository"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
# What every node calls: images and their layers, credentials of pods, and where logs go.
PRIVATE = ("ecr.api", "ecr.dkr", "s3", "sts", "logs")
SECRET_INPUTS = {
    "aws:docdb/cluster:Cluster": ("masterPassword",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("authToken",),
    "aws:lambda/function:Function": (),
    "aws:rds/cluster:Cluster": ("masterPassword",),
    "aws:rds/instance:Instance": ("password",),
    "aws:redshift/cluster:Cluster": ("masterPassword",),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretBinary"),
}


@control(
    id="D1.aws-immutable-tags",
    title="A tag in ECR never moves to another image",
    why="whoever may push could put other bytes under a tag that was tested and approved",
    remedy="image_tag_mutability=IMMUTABLE",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: ECR.2",),
    subjects=lambda facts: facts.resources.of(REPOSITORY),
)
def immutable_tags(repository: Resource, facts: Facts) -> Iterator[Problem]:
    if (mutability := text(repository.spec, "imageTagMutability") or "MUTABLE") != "IMMUTABLE":
        yield Problem(f"imageTagMutability is {mutability}")


@control(
    id="S4.aws-scan-on-push",
    title="ECR scans every image that is pushed",
    why="an image with a known hole is found before it is deployed rather than after",
    remedy="image_scanning_configuration={scan_on_push: True}",
    severity="medium",
    kind="resources",
    sources=(f"{FSBP}: ECR.1",),
    subjects=lambda facts: facts.resources.of(REPOSITORY),
)
def scan_on_push(repository: Resource, facts: Facts) -> Iterator[Problem]:
    if not on(repository.spec, "imageScanningConfiguration", "scanOnPush"):
        yield Problem("imageScanningConfiguration.scanOnPush is not true")


@control(
    id="S2.aws-key-rotation",
    title="KMS renews its keys by itself",
    why="the longer a key is used, the more is lost with it; KMS renews it without anybody noticing",
    remedy="enable_key_rotation=True",
    severity="medium",
    kind="resources",
    sources=(f"{FSBP}: KMS.4",),
    subjects=lambda facts: facts.resources.of("aws:kms/key:Key"),
)
def key_rotation(key: Resource, facts: Facts) -> Iterator[Problem]:
    """Only keys that encrypt with AWS's own material can be renewed by it."""
    encrypts = text(key.spec, "customerMasterKeySpec") in ("", "SYMMETRIC_DEFAULT")
    if encrypts and text(key.spec, "keyUsage") in ("", "ENCRYPT_DECRYPT") and not on(key.spec, "enableKeyRotation"):
        yield Problem("enableKeyRotation is not true")


@control(
    id="S3.aws-private-endpoints",
    title="What nodes call in AWS is called inside the network",
    why="without endpoints, images, tokens and logs go over the internet, and egress cannot be closed",
    remedy="aws.ec2.VpcEndpoint for each of them, type Interface with private DNS; for S3 type Gateway",
    severity="medium",
    kind="resources",
    sources=("https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html",),
    subjects=lambda facts: facts.resources.of("aws:ec2/vpc:Vpc") if has_cluster(facts) else (),
)
def private_endpoints(vpc: Resource, facts: Facts) -> Iterator[Problem]:
    there = [one for one in facts.resources.of(ENDPOINT) if belongs(one, "vpcId", vpc)]
    services = [text(one.spec, "serviceName") for one in there]
    missing = [name for name in PRIVATE if not any(one.endswith(f".{name}") for one in services)]
    if missing:
        yield Problem(f"it has no VpcEndpoint for {', '.join(missing)}")
    for one in there:
        if text(one.spec, "vpcEndpointType") == "Interface" and not on(one.spec, "privateDnsEnabled"):
            yield Problem(f"the endpoint {one.name} does not set privateDnsEnabled, so nobody's calls find it")


def has_cluster(facts: Facts) -> bool:
    return any(facts.resources.of("aws:eks/cluster:Cluster"))


@control(
    id="S2.aws-no-literals",
    title="No password stands in what Pulumi plans",
    why="a literal is kept in clear in the program, in Pulumi's state and in every preview",
    remedy="manage_master_user_password=True; elsewhere a generated value: random.RandomPassword(…).result",
    severity="critical",
    kind="resources",
    sources=("https://www.pulumi.com/docs/iac/concepts/secrets/",),
    subjects=lambda facts: facts.resources.of(*SECRET_INPUTS),
)
def no_literals(resource: Resource, facts: Facts) -> Iterator[Problem]:
    for name in SECRET_INPUTS[resource.kind]:
        # What is secret or generated is not known here, and must not be: so the mapping is read past its guard.
        if isinstance(value := dict.get(resource.body, name), str) and value:
            yield Problem(f"{name} is written out")
    for name, value in raw_fields(resource.body, "environment", "variables").items():
        if isinstance(value, str) and (what := told(name, value)):
            yield Problem(f"environment.variables holds {what}")


def raw_fields(body: dict[str, Any], *path: str) -> dict[str, Any]:
    """The mapping at the end of a path, with what is not known in it."""
    found: Any = body
    for key in path:
        found = dict.get(found, key) if isinstance(found, dict) else None
    return dict(dict.items(found)) if isinstance(found, dict) else {}


CONTROLS = (immutable_tags, scan_on_push, key_rotation, private_endpoints, no_literals)
