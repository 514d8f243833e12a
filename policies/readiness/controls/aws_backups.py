"""R1 and R2: in AWS, what keeps data is copied, hard to delete, and outlives a zone."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.aws import Rule, on, parts, switched_off, switched_on
from readiness.facts.resources import Resource, items
from readiness.facts.scalars import number, text

FSBP = "AWS Foundational Security Best Practices"
KEPT = ("staging", "prod")
LEAST_DAYS = 7
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def days(name: str) -> Rule:
    """A rule: backups are kept long enough to notice on Monday what broke on Friday."""

    def rule(resource: Resource, facts: Facts) -> Iterator[str]:
        kept = number(resource.spec, name) or 0
        if kept < LEAST_DAYS:
            yield f"{name} is {kept}, less than {LEAST_DAYS} days"

    return rule


def bucket_versions(bucket: Resource, facts: Facts) -> Iterator[str]:
    kinds = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
    found = parts(bucket, "bucket", facts, *kinds)
    if not any(text(one.spec, "versioningConfiguration", "status") == "Enabled" for one in found):
        yield "no BucketVersioning keeps what is overwritten or deleted"


def files(system: Resource, facts: Facts) -> Iterator[str]:
    found = parts(system, "fileSystemId", facts, "aws:efs/backupPolicy:BackupPolicy")
    if not any(text(one.spec, "backupPolicy", "status") == "ENABLED" for one in found):
        yield "no BackupPolicy with the status ENABLED backs it up"


BACKED_UP: dict[str, Rule] = {
    "aws:docdb/cluster:Cluster": days("backupRetentionPeriod"),
    "aws:dynamodb/table:Table": switched_on("pointInTimeRecovery", "enabled"),
    "aws:efs/fileSystem:FileSystem": files,
    "aws:neptune/cluster:Cluster": days("backupRetentionPeriod"),
    "aws:rds/cluster:Cluster": days("backupRetentionPeriod"),
    "aws:rds/instance:Instance": days("backupRetentionPeriod"),
    "aws:redshift/cluster:Cluster": days("automatedSnapshotRetentionPeriod"),
} | dict.fromkeys(BUCKETS, bucket_versions)


@control(
    id="R2.aws-backups",
    title=f"Whatever keeps data in AWS can be brought back to any state of the last {LEAST_DAYS} days",
    why="a wrong statement or a bad migration destroys data as surely as a broken disk, and is copied to every standby",
    remedy="backup_retention_period=7, point_in_time_recovery={enabled: True}, BucketVersioning with status Enabled",
    severity="critical",
    kind="resources",
    sources=(f"{FSBP}: RDS.11, DynamoDB.2, S3.14, DocumentDB.2",),
    subjects=lambda facts: facts.resources.of(*BACKED_UP),
    environments=KEPT,
)
def backups(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in BACKED_UP[resource.kind](resource, facts))


def database(instance: Resource, facts: Facts) -> Iterator[str]:
    if not on(instance.spec, "deletionProtection"):
        yield "deletionProtection is not true"
    if on(instance.spec, "skipFinalSnapshot"):
        yield "skipFinalSnapshot is true, so deleting it takes all data with it"


UNDELETABLE: dict[str, Rule] = {
    "aws:docdb/cluster:Cluster": database,
    "aws:dynamodb/table:Table": switched_on("deletionProtectionEnabled"),
    "aws:ecr/repository:Repository": switched_off("forceDelete"),
    "aws:neptune/cluster:Cluster": database,
    "aws:rds/cluster:Cluster": database,
    "aws:rds/instance:Instance": database,
} | dict.fromkeys(BUCKETS, switched_off("forceDestroy"))
PROTECTED = (*UNDELETABLE, "aws:efs/fileSystem:FileSystem", "aws:kms/key:Key")


@control(
    id="R2.aws-undeletable",
    title="Whatever keeps data in AWS refuses to be deleted, and so does Pulumi",
    why="one wrong word in a program or console deletes a database in seconds, with its backups unless they are kept",
    remedy="deletion_protection=True, skip_final_snapshot=False, and opts=ResourceOptions(protect=True)",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: RDS.7, RDS.8, DynamoDB.6", "https://www.pulumi.com/docs/iac/concepts/options/protect/"),
    subjects=lambda facts: facts.resources.of(*PROTECTED),
    environments=KEPT,
)
def undeletable(resource: Resource, facts: Facts) -> Iterator[Problem]:
    if resource.protected is False:
        yield Problem("Pulumi would delete it when the program no longer names it: protect is not set")
    if rule := UNDELETABLE.get(resource.kind):
        yield from (Problem(message) for message in rule(resource, facts))


OUTLIVING: dict[str, Rule] = {
    "aws:eks/cluster:Cluster": switched_on("deletionProtection"),
    "aws:lb/loadBalancer:LoadBalancer": switched_on("enableDeletionProtection"),
}


@control(
    id="R1.aws-undeletable",
    title="What production runs on in AWS refuses to be deleted",
    why="a cluster or load balancer that was deleted by mistake takes hours to come back, with another address",
    remedy="deletion_protection=True; of a load balancer: enable_deletion_protection=True",
    severity="medium",
    kind="resources",
    sources=(f"{FSBP}: ELB.6",),
    subjects=lambda facts: facts.resources.of(*OUTLIVING),
    environments=("prod",),
)
def outliving(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in OUTLIVING[resource.kind](resource, facts))


def cache(group: Resource, facts: Facts) -> Iterator[str]:
    for name in ("multiAzEnabled", "automaticFailoverEnabled"):
        if not on(group.spec, name):
            yield f"{name} is not true"


def nodes(group: Resource, facts: Facts) -> Iterator[str]:
    if len(items(group.spec, "subnetIds")) < 2:
        yield "its nodes are in fewer than two subnets"


def file_zone(system: Resource, facts: Facts) -> Iterator[str]:
    if zone := text(system.spec, "availabilityZoneName"):
        yield f"it is in {zone} alone"


ZONES: dict[str, Rule] = {
    "aws:efs/fileSystem:FileSystem": file_zone,
    "aws:eks/nodeGroup:NodeGroup": nodes,
    "aws:elasticache/replicationGroup:ReplicationGroup": cache,
    "aws:opensearch/domain:Domain": switched_on("clusterConfig", "zoneAwarenessEnabled"),
    "aws:rds/instance:Instance": switched_on("multiAz"),
}


@control(
    id="R1.aws-zones",
    title="Nothing in AWS stands in one zone alone",
    why="a zone fails as a whole; what has no standby in another is gone for hours, or restored from last night",
    remedy="multi_az=True, multi_az_enabled=True, or subnets in at least two zones",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: RDS.5",),
    subjects=lambda facts: facts.resources.of(*ZONES),
    environments=("prod",),
)
def zones(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in ZONES[resource.kind](resource, facts))


CONTROLS = (backups, undeletable, outliving, zones)
