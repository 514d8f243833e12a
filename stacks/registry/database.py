"""MLflow's database: PostgreSQL on RDS, reached by the nodes only, its password kept and rotated by RDS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component
from stacks.registry.replica_key import ReplicaKey
from stacks.registry.settings import DatabaseSettings

NAME = "mlflow"
"""Of the database, and of the user that owns it."""

PORT = 5432


@dataclass(frozen=True)
class DatabaseArgs:
    """What the database is told.

    Attributes:
        identifier: its name in RDS.
        settings: size, zones and backups.
        vpc_id: the network.
        subnets: where it may be, in at least two zones.
        clients: the security group from which it may be reached.
        kms_key_arn: the key that encrypts storage, backups and the password.
        keep: whether RDS itself refuses to delete it, and makes a last snapshot when made to.
        replica: the key of the copies of its backups, which are in its region; None for no copies.
        protection: options for the database.
    """

    identifier: str
    settings: DatabaseSettings
    vpc_id: Input[Any]
    subnets: Input[Any]
    clients: Input[Any]
    kms_key_arn: Input[Any]
    keep: bool
    replica: ReplicaKey | None
    protection: ResourceOptions


class Database(Component):
    """One instance, and with two zones its standby.

    Attributes:
        address: its name in the network.
        arn: its ARN.
        secret_arn: where Secrets Manager has user and password.
    """

    kind = "registry:Database"

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        instance = self._instance(name, args, self._reach(name, args), self._parameters(name, args))
        if args.replica:
            aws.rds.InstanceAutomatedBackupsReplication(
                name,
                source_db_instance_arn=instance.arn,
                kms_key_id=args.replica.arn,
                retention_period=args.settings.backup_days,
                region=args.replica.region,
                opts=self.child(),
            )
        self.address: Output[str] = instance.address
        self.arn: Output[str] = instance.arn
        self.secret_arn: Output[str] = instance.master_user_secrets[0].secret_arn
        self.register_outputs({"address": self.address})

    def _instance(
        self, name: str, args: DatabaseArgs, group: aws.ec2.SecurityGroup, parameters: aws.rds.ParameterGroup
    ) -> aws.rds.Instance:
        subnets = aws.rds.SubnetGroup(name, name=args.identifier, subnet_ids=args.subnets, opts=self.child())
        settings = args.settings
        return aws.rds.Instance(
            name,
            identifier=args.identifier,
            engine="postgres",
            engine_version=settings.version,
            instance_class=settings.instance,
            allocated_storage=settings.storage_gib,
            max_allocated_storage=settings.storage_limit_gib,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=args.kms_key_arn,
            db_name=NAME,
            username=NAME,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.kms_key_arn,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group.id],
            parameter_group_name=parameters.name,
            publicly_accessible=False,
            multi_az=settings.zones > 1,
            backup_retention_period=settings.backup_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not args.keep,
            deletion_protection=args.keep,
            skip_final_snapshot=not args.keep,
            final_snapshot_identifier=f"{args.identifier}-last" if args.keep else None,
            auto_minor_version_upgrade=True,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.kms_key_arn,
            enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
            opts=self.child(args.protection),
        )

    def _reach(self, name: str, args: DatabaseArgs) -> aws.ec2.SecurityGroup:
        """The nodes reach it; it reaches nobody."""
        group = aws.ec2.SecurityGroup(
            name,
            name=args.identifier,
            description="The model registry's database",
            vpc_id=args.vpc_id,
            opts=self.child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            referenced_security_group_id=args.clients,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            description="PostgreSQL from the nodes",
            opts=self.child(),
        )
        return group

    def _parameters(self, name: str, args: DatabaseArgs) -> aws.rds.ParameterGroup:
        """Connections without TLS are refused, and each is logged."""
        parameters = {"rds.force_ssl": "1", "log_connections": "1", "log_disconnections": "1"}
        return aws.rds.ParameterGroup(
            name,
            name_prefix=f"{args.identifier}-",  # so that a replacement can stand beside what it replaces
            family=f"postgres{args.settings.version.split('.')[0]}",
            parameters=[{"name": key, "value": value} for key, value in parameters.items()],
            opts=self.child(),
        )
