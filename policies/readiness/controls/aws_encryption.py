"""S3: what AWS keeps, it keeps encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.aws import Rule, on, parts, present, switched_on
from readiness.facts.resources import Resource, items, mappings
from readiness.facts.scalars import text

FSBP = "AWS Foundational Security Best Practices"


def launch_template(template: Resource, facts: Facts) -> Iterator[str]:
    for disk in mappings(template.spec, "blockDeviceMappings"):
        if disk.get("ebs") is not None and not on(disk, "ebs", "encrypted"):
            yield f"the disk {text(disk, 'deviceName')} does not set ebs.encrypted"


def instance(machine: Resource, facts: Facts) -> Iterator[str]:
    if not on(machine.spec, "rootBlockDevice", "encrypted"):
        yield "rootBlockDevice.encrypted is not true"
    for disk in mappings(machine.spec, "ebsBlockDevices"):
        if not on(disk, "encrypted"):
            yield f"the disk {text(disk, 'deviceName')} is not encrypted"


def cluster_secrets(cluster: Resource, facts: Facts) -> Iterator[str]:
    if "secrets" not in items(cluster.spec, "encryptionConfig", "resources"):
        yield "encryptionConfig.resources does not name secrets"


AT_REST: dict[str, Rule] = {
    "aws:docdb/cluster:Cluster": switched_on("storageEncrypted"),
    "aws:ebs/volume:Volume": switched_on("encrypted"),
    "aws:ec2/instance:Instance": instance,
    "aws:ec2/launchTemplate:LaunchTemplate": launch_template,
    "aws:efs/fileSystem:FileSystem": switched_on("encrypted"),
    "aws:eks/cluster:Cluster": cluster_secrets,
    "aws:elasticache/replicationGroup:ReplicationGroup": switched_on("atRestEncryptionEnabled"),
    "aws:neptune/cluster:Cluster": switched_on("storageEncrypted"),
    "aws:opensearch/domain:Domain": switched_on("encryptAtRest", "enabled"),
    "aws:rds/cluster:Cluster": switched_on("storageEncrypted"),
    "aws:rds/instance:Instance": switched_on("storageEncrypted"),
    "aws:redshift/cluster:Cluster": switched_on("encrypted"),
    "aws:sns/topic:Topic": present("kmsMasterKeyId"),
}


@control(
    id="S3.aws-encrypted",
    title="Whatever keeps data in AWS encrypts it",
    why="a disk, snapshot or backup that leaves its place can be read by whoever gets it",
    remedy="storage_encrypted=True, kms_key_id=KEY.arn; an existing store must be copied to an encrypted one",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: RDS.3, EFS.1, EKS.3, EC2.3",),
    subjects=lambda facts: facts.resources.of(*AT_REST),
)
def encrypted(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in AT_REST[resource.kind](resource, facts))


def bucket_key(bucket: Resource, facts: Facts) -> Iterator[str]:
    kinds = "aws:s3/bucketServerSideEncryptionConfiguration{0}:BucketServerSideEncryptionConfiguration{0}"
    found = parts(bucket, "bucket", facts, kinds.format(""), kinds.format("V2"))
    rules = [rule for one in found for rule in mappings(one.spec, "rules")]
    if not any(text(rule, "applyServerSideEncryptionByDefault", "kmsMasterKeyId") for rule in rules):
        yield "no BucketServerSideEncryptionConfiguration names a key for it"


def repository_key(repository: Resource, facts: Facts) -> Iterator[str]:
    if not any(text(one, "kmsKey") for one in mappings(repository.spec, "encryptionConfigurations")):
        yield "encryptionConfigurations names no kmsKey"


OWN_KEY: dict[str, Rule] = {
    "aws:cloudwatch/logGroup:LogGroup": present("kmsKeyId"),
    "aws:dynamodb/table:Table": present("serverSideEncryption", "kmsKeyArn"),
    "aws:ecr/repository:Repository": repository_key,
    "aws:rds/cluster:Cluster": present("kmsKeyId"),
    "aws:rds/instance:Instance": present("kmsKeyId"),
    "aws:s3/bucket:Bucket": bucket_key,
    "aws:s3/bucketV2:BucketV2": bucket_key,
    "aws:secretsmanager/secret:Secret": present("kmsKeyId"),
}


@control(
    id="S3.aws-own-key",
    title="What AWS encrypts by itself is encrypted with a key of your own",
    why="only of a key of your own you say who may use it, see who did, and can take it away",
    remedy="kms_key_id=KEY.arn",
    severity="low",
    kind="resources",
    sources=("https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html",),
    subjects=lambda facts: facts.resources.of(*OWN_KEY),
    mandatory=False,
)
def own_key(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in OWN_KEY[resource.kind](resource, facts))


CONTROLS = (encrypted, own_key)
