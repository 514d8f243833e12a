"""Our stacks in AWS as in staging, by the real engine: what holds data is protected."""

from engine.life import Life

DATA = frozenset({"aws:kms/key:Key", "aws:rds/instance:Instance", "aws:s3/bucket:Bucket"})


class TestStaging(Life):
    environment = "staging"
    changes = (
        ("cluster", "aws.pools.general.max", "7", {"nodes-general"}),
        ("registry", "aws.database.backup_days", "12", {"database"}),
    )
    protected = (DATA, frozenset({"aws:ec2/vpc:Vpc", "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"}))
