"""What the registry has in AWS: images, artifacts, database, MLflow's permission to use them, a look at the backups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi import Output, Resource, ResourceOptions

from stacks.platform.component import Component
from stacks.platform.iam import allow
from stacks.platform.names import PLATFORM_NAMESPACE
from stacks.platform.pod_identity import PodIdentity, PodIdentityArgs
from stacks.platform.references import Stacks
from stacks.registry.artifacts import Artifacts, ArtifactsArgs
from stacks.registry.backup_check import BackupCheck, BackupCheckArgs
from stacks.registry.database import Database, DatabaseArgs
from stacks.registry.database_login import DatabaseLogin, DatabaseLoginArgs
from stacks.registry.images import Images, ImagesArgs
from stacks.registry.replica_key import ReplicaKey, ReplicaKeyArgs
from stacks.registry.server import NAME
from stacks.registry.settings import RegistrySettings
from stacks.registry.storage import in_cloud


@dataclass(frozen=True)
class CloudArgs:
    """What it is told.

    Attributes:
        name: starts the names of all its parts.
        settings: all of them.
        stacks: the network, the cluster, the key.
        data: options for what holds data.
    """

    name: str
    settings: RegistrySettings
    stacks: Stacks
    data: ResourceOptions


class Cloud(Component):
    """The registry's part that is not on the cluster.

    Attributes:
        images: by name, where images are pushed to and pulled from.
        storage: what MLflow is told of its data.
        first: what must be there before MLflow starts: its permissions and its login.
    """

    kind = "registry:Cloud"

    def __init__(self, name: str, args: CloudArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        replica = self._replica_key()
        self.images: dict[str, Output[str]] = self._images()
        artifacts = self._artifacts(replica)
        database = self._database(replica)
        login = self._login(database)
        self._check_backups(database)
        identity = self._identity(artifacts)
        self.storage = in_cloud(artifacts.bucket.name, login.secret, args.stacks.cluster.vpc_cidr)
        self.first: list[Resource] = [identity, login]
        self.register_outputs({})

    def _replica_key(self) -> ReplicaKey | None:
        region = self._args.settings.in_aws.artifacts.replica_region
        if region is None:
            return None
        return ReplicaKey(
            "replica-key", ReplicaKeyArgs(f"{self._args.name}-registry", region, self._args.data), self.child()
        )

    def _images(self) -> dict[str, Output[str]]:
        args, settings = self._args, self._args.settings
        images = ImagesArgs(
            repositories=(*settings.services, NAME),
            prefix=args.name,
            kms_key_arn=args.stacks.secrets.kms_key_arn,
            pullers=[args.stacks.cluster.nodes_role],
            pushers=settings.in_aws.images.pushers,
            keep=settings.in_aws.images.keep,
            protection=args.data,
        )
        return Images("images", images, self.child()).urls

    def _artifacts(self, replica: ReplicaKey | None) -> Artifacts:
        args, where = self._args, self._args.settings.in_aws
        artifacts = ArtifactsArgs(
            bucket=f"{args.name}-artifacts-{where.account}",
            kms_key_arn=args.stacks.secrets.kms_key_arn,
            old_versions_days=where.artifacts.old_versions_days,
            replica=replica,
            protection=args.data,
        )
        return Artifacts("artifacts", artifacts, self.child())

    def _database(self, replica: ReplicaKey | None) -> Database:
        args, cluster = self._args, self._args.stacks.cluster
        database = DatabaseArgs(
            identifier=f"{args.name}-registry",
            settings=args.settings.in_aws.database,
            vpc_id=cluster.vpc_id,
            subnets=cluster.private_subnets,
            clients=cluster.nodes_security_group,
            kms_key_arn=args.stacks.secrets.kms_key_arn,
            keep=not args.settings.dev,
            replica=replica,
            protection=args.data,
        )
        return Database("database", database, self.child())

    def _check_backups(self, database: Database) -> None:
        args, cluster, settings = self._args, self._args.stacks.cluster, self._args.settings
        check = BackupCheckArgs(
            image=Output.concat(self.images[NAME], ":", settings.mlflow.tag),
            namespace=cluster.namespaces[PLATFORM_NAMESPACE],
            role=f"{args.name}-backup-check",
            region=settings.in_aws.region,
            cluster_name=cluster.cluster_name,
            database=f"{args.name}-registry",
            database_arn=database.arn,
            shared_files=cluster.shared_files,
        )
        BackupCheck("backup-check", check, self.child())

    def _login(self, database: Database) -> DatabaseLogin:
        login = DatabaseLoginArgs(
            namespace=self._args.stacks.cluster.namespaces[PLATFORM_NAMESPACE],
            address=database.address,
            secret_arn=database.secret_arn,
            kms_key_arn=self._args.stacks.secrets.kms_key_arn,
            reader_role=f"{self._args.name}-external-secrets",
        )
        return DatabaseLogin("database-login", login, self.child())

    def _identity(self, artifacts: Artifacts) -> PodIdentity:
        """MLflow reads and writes the artifacts, and deletes what its users delete; old versions stay."""
        args, bucket = self._args, artifacts.bucket.arn
        key: Output[Any] = args.stacks.secrets.kms_key_arn
        statements = [
            allow(["s3:ListBucket", "s3:GetBucketLocation"], bucket),
            allow(
                ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                Output.concat(bucket, "/*"),
            ),
            allow(["kms:Decrypt", "kms:GenerateDataKey"], key),
        ]
        identity = PodIdentityArgs(
            role=f"{args.name}-mlflow",
            cluster_name=args.stacks.cluster.cluster_name,
            namespace=args.stacks.cluster.namespaces[PLATFORM_NAMESPACE],
            service_account=NAME,
            statements=statements,
        )
        return PodIdentity("mlflow-identity", identity, self.child())
