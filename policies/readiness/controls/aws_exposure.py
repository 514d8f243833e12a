"""S3: nothing in AWS answers the internet but what is meant to."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.aws import Rule, belongs, on, parts, switched_off, world
from readiness.facts.resources import Resource, fields, items, mappings
from readiness.facts.scalars import number, text

FSBP = "AWS Foundational Security Best Practices"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
WEB = frozenset({80, 443})
BLOCKS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")


def warehouse(cluster: Resource, facts: Facts) -> Iterator[str]:
    """Redshift's default has changed with the provider's version, so it has to be said."""
    if on(cluster.spec, "publiclyAccessible") is not False:
        yield "publiclyAccessible is not false"


def machine(template: Resource, facts: Facts) -> Iterator[str]:
    for interface in [template.spec, *mappings(template.spec, "networkInterfaces")]:
        if on(interface, "associatePublicIpAddress"):
            yield "associatePublicIpAddress is true"


def search(domain: Resource, facts: Facts) -> Iterator[str]:
    if not items(domain.spec, "vpcOptions", "subnetIds"):
        yield "vpcOptions.subnetIds is not set, so its address is public"


def nodes(group: Resource, facts: Facts) -> Iterator[str]:
    if group.spec.get("remoteAccess") and not items(group.spec, "remoteAccess", "sourceSecurityGroupIds"):
        yield "remoteAccess without sourceSecurityGroupIds opens SSH to everybody"


def function(address: Resource, facts: Facts) -> Iterator[str]:
    if text(address.spec, "authorizationType") == "NONE":
        yield "authorizationType is NONE: it answers everybody"


def cluster_api(cluster: Resource, facts: Facts) -> Iterator[str]:
    """EKS's API server is public unless that is declined, and then to everybody unless addresses are named."""
    vpc = fields(cluster.spec, "vpcConfig")
    if on(vpc, "endpointPublicAccess") is False:
        if not on(vpc, "endpointPrivateAccess"):
            yield "vpcConfig.endpointPrivateAccess is not true, so nobody reaches its API server"
        return
    allowed = items(vpc, "publicAccessCidrs")
    if not allowed or any(world(one) for one in allowed):
        yield "the whole internet reaches its API server"


NOT_PUBLIC: dict[str, Rule] = {
    "aws:ec2/instance:Instance": machine,
    "aws:ec2/launchTemplate:LaunchTemplate": machine,
    "aws:ec2/subnet:Subnet": switched_off("mapPublicIpOnLaunch"),
    "aws:eks/cluster:Cluster": cluster_api,
    "aws:eks/nodeGroup:NodeGroup": nodes,
    "aws:lambda/functionUrl:FunctionUrl": function,
    "aws:opensearch/domain:Domain": search,
    "aws:rds/clusterInstance:ClusterInstance": switched_off("publiclyAccessible"),
    "aws:rds/instance:Instance": switched_off("publiclyAccessible"),
    "aws:redshift/cluster:Cluster": warehouse,
}


@control(
    id="S3.aws-not-public",
    title="Databases, nodes and the cluster's API server have no public address",
    why="what has a public address is found and tried within minutes, and one wrong rule then lets everybody in",
    remedy="publicly_accessible=False; vpc_config={endpoint_public_access: False, endpoint_private_access: True}",
    severity="critical",
    kind="resources",
    sources=(f"{FSBP}: RDS.2, EKS.1, EC2.9, EC2.15, Redshift.1",),
    subjects=lambda facts: facts.resources.of(*NOT_PUBLIC),
)
def not_public(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in NOT_PUBLIC[resource.kind](resource, facts))


@control(
    id="S3.aws-bucket-closed",
    title="Every bucket blocks public access, whatever its policy says",
    why="a bucket is opened by one line of a policy or one object's ACL; the block holds all the same",
    remedy="aws.s3.BucketPublicAccessBlock(NAME, bucket=BUCKET.bucket, …) with all four of its switches True",
    severity="critical",
    kind="resources",
    sources=(f"{FSBP}: S3.8",),
    subjects=lambda facts: facts.resources.of("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"),
)
def bucket_closed(bucket: Resource, facts: Facts) -> Iterator[Problem]:
    blocks = parts(bucket, "bucket", facts, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    if not blocks:
        yield Problem("it has no BucketPublicAccessBlock")
    for block in blocks:
        for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            if not on(block.spec, name):
                yield Problem(f"{name} of its public access block is not true")


@control(
    id="S3.aws-security-groups",
    title="No security group lets the internet in, but to a load balancer's web ports",
    why="an open port is found and tried within minutes, and security groups are what stands before everything else",
    remedy="name the other end: referenced_security_group_id=GROUP.id, or the network's own addresses",
    severity="critical",
    kind="resources",
    sources=(f"{FSBP}: EC2.13, EC2.14, EC2.18",),
    subjects=lambda facts: facts.resources.of(GROUP, OLD_RULE, INGRESS),
)
def security_groups(resource: Resource, facts: Facts) -> Iterator[Problem]:
    for rule in rules_of(resource):
        blocks = [block for name in BLOCKS for block in listed_blocks(rule.get(name))]
        if any(world(block) for block in blocks) and not for_web(resource, rule, facts):
            ports = {rule.get("fromPort"), rule.get("toPort")} - {None}
            where = " to ".join(sorted(map(str, ports))) or "all ports"
            yield Problem(f"it lets the whole internet in to {where}")


def rules_of(resource: Resource) -> list[dict[str, object]]:
    """What lets something in: rules of their own, or those that stand in the group."""
    if resource.kind == GROUP:
        return mappings(resource.spec, "ingress")
    return [] if resource.kind == OLD_RULE and text(resource.spec, "type") == "egress" else [resource.spec]


def listed_blocks(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def for_web(resource: Resource, rule: dict[str, object], facts: Facts) -> bool:
    """A rule opens a web port of a load balancer that is meant for the internet."""
    if number(rule, "fromPort") != number(rule, "toPort") or number(rule, "toPort") not in WEB:
        return False
    groups = facts.resources.of(GROUP)
    of_rule = [one for one in groups if one is resource or belongs(resource, "securityGroupId", one)]
    return any(parts(one, "securityGroups", facts, BALANCER) for one in of_rule)


@control(
    id="S3.aws-default-group",
    title="The default security group of each network lets nothing through",
    why="whatever is made without a group of its own gets the default one, which lets its members talk to each other",
    remedy="aws.ec2.DefaultSecurityGroup(NAME, vpc_id=VPC.id, ingress=[], egress=[])",
    severity="medium",
    kind="resources",
    sources=(f"{FSBP}: EC2.2",),
    subjects=lambda facts: facts.resources.of("aws:ec2/vpc:Vpc"),
)
def default_group(vpc: Resource, facts: Facts) -> Iterator[Problem]:
    groups = parts(vpc, "vpcId", facts, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    if not groups:
        yield Problem("no DefaultSecurityGroup closes it")
    for group in groups:
        for name in ("ingress", "egress"):
            if items(group.spec, name):
                yield Problem(f"its default security group has rules for {name}")


@control(
    id="S3.aws-metadata",
    title="Pods cannot take the credentials of their node",
    why="the node's metadata service hands them to whoever asks; version 2 with one hop answers the node alone",
    remedy="metadata_options={http_tokens: required, http_put_response_hop_limit: 1}",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: EC2.8",),
    subjects=lambda facts: facts.resources.of("aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"),
)
def metadata(template: Resource, facts: Facts) -> Iterator[Problem]:
    options = fields(template.spec, "metadataOptions")
    if text(options, "httpEndpoint") == "disabled":
        return
    if text(options, "httpTokens") != "required":
        yield Problem("metadataOptions.httpTokens is not required")
    if (number(options, "httpPutResponseHopLimit") or 1) > 1:
        yield Problem(f"metadataOptions.httpPutResponseHopLimit is {options['httpPutResponseHopLimit']}")


CONTROLS = (not_public, bucket_closed, security_groups, default_group, metadata)
