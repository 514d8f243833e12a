"""S5: AWS writes down who called, who connected and who changed what."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.aws import Rule, on, parts, switched_on
from readiness.facts.resources import Resource, items
from readiness.facts.scalars import text

FSBP = "AWS Foundational Security Best Practices"
NEEDED = ("api", "audit", "authenticator")


def cluster(cluster: Resource, facts: Facts) -> Iterator[str]:
    missing = [name for name in NEEDED if name not in items(cluster.spec, "enabledClusterLogTypes")]
    if missing:
        yield f"enabledClusterLogTypes lacks {', '.join(missing)}"


def network(vpc: Resource, facts: Facts) -> Iterator[str]:
    logs = parts(vpc, "vpcId", facts, "aws:ec2/flowLog:FlowLog")
    if not any(text(one.spec, "trafficType") in ("ALL", "REJECT") for one in logs):
        yield "no FlowLog records its connections, or at least those refused"


def database(instance: Resource, facts: Facts) -> Iterator[str]:
    if not items(instance.spec, "enabledCloudwatchLogsExports"):
        yield "enabledCloudwatchLogsExports is empty"


def trail(trail: Resource, facts: Facts) -> Iterator[str]:
    if on(trail.spec, "enableLogging") is False:
        yield "enableLogging is false"
    for name in ("enableLogFileValidation", "isMultiRegionTrail"):
        if not on(trail.spec, name):
            yield f"{name} is not true"


RECORDED: dict[str, Rule] = {
    "aws:cloudtrail/trail:Trail": trail,
    "aws:ec2/vpc:Vpc": network,
    "aws:eks/cluster:Cluster": cluster,
    "aws:lb/loadBalancer:LoadBalancer": switched_on("accessLogs", "enabled"),
    "aws:rds/cluster:Cluster": database,
    "aws:rds/instance:Instance": database,
}


@control(
    id="S5.aws-recorded",
    title="Cluster, network, databases and load balancers in AWS keep records",
    why="what was not written down when it happened cannot be looked into afterwards",
    remedy="enabled_cluster_log_types=[api, audit, authenticator]; aws.ec2.FlowLog(traffic_type=ALL)",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: EKS.8, EC2.6, RDS.9, ELB.5, CloudTrail.4",),
    subjects=lambda facts: facts.resources.of(*RECORDED),
)
def recorded(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in RECORDED[resource.kind](resource, facts))


CONTROLS = (recorded,)
