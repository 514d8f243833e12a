"""Looks every hour whether AWS has young enough copies of the platform's data; alerts watch that it succeeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component
from stacks.platform.iam import allow
from stacks.platform.names import BACKUP_CHECK
from stacks.platform.pod_identity import PodIdentity, PodIdentityArgs
from stacks.platform.traffic import POD_IDENTITY_AGENT, addresses, allowing
from stacks.registry.pod import LOCKED, TMP, UNPRIVILEGED

LABELS = {"app.kubernetes.io/name": BACKUP_CHECK, "app.kubernetes.io/component": "backup"}


@dataclass(frozen=True)
class BackupCheckArgs:
    """What the check is told.

    Attributes:
        image: MLflow's, which has the script and what it needs.
        namespace: where it runs.
        role: the name of its role in AWS.
        region: where the copies are.
        cluster_name: the EKS cluster.
        database: the database's identifier.
        database_arn: the same, for its permission.
        shared_files: the ARN of the shared files.
    """

    image: Input[str]
    namespace: Input[str]
    role: str
    region: str
    cluster_name: Input[Any]
    database: Input[str]
    database_arn: Input[str]
    shared_files: Input[Any]


class BackupCheck(Component):
    """A CronJob with leave to look at the copies, and at nothing that is in them."""

    kind = "registry:BackupCheck"

    def __init__(self, name: str, args: BackupCheckArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        metadata = ObjectMetaArgs(name=BACKUP_CHECK, namespace=args.namespace, labels=LABELS)
        account = core.ServiceAccount(name, metadata=metadata, automount_service_account_token=False, opts=self.child())
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                role=args.role,
                cluster_name=args.cluster_name,
                namespace=args.namespace,
                service_account=BACKUP_CHECK,
                statements=[
                    allow(["rds:DescribeDBInstances"], args.database_arn),
                    allow(["elasticfilesystem:DescribeFileSystems"], args.shared_files),
                    allow(["backup:ListRecoveryPointsByResource"], "*"),  # AWS has no narrower one
                ],
            ),
            self.child(),
        )
        # AWS's addresses are not known before; the role says what may be asked.
        out = [addresses("0.0.0.0/0", 443), addresses(POD_IDENTITY_AGENT, 80)]
        kubernetes.networking.v1.NetworkPolicy(
            name,
            metadata=metadata,
            spec=allowing({"app.kubernetes.io/name": BACKUP_CHECK}, egress=out),
            opts=self.child(),
        )
        kubernetes.batch.v1.CronJob(
            name,
            metadata=metadata,
            spec=_every_hour(args, account.metadata.name),
            opts=self.child(depends_on=[identity]),
        )
        self.register_outputs({})


def _every_hour(args: BackupCheckArgs, account: Output[str]) -> Any:
    """One at a time; what failed stays for three hours, for whoever wants to read it."""
    pod = {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": "Never",
        "priority_class_name": "airworthy-platform",
        "security_context": UNPRIVILEGED,
        "containers": [_container(args)],
        "volumes": [{"name": "tmp", "empty_dir": {"medium": "Memory", "size_limit": "16Mi"}}],
    }
    job = {
        "backoff_limit": 2,
        "active_deadline_seconds": 600,
        "ttl_seconds_after_finished": 3 * 3600,
        "template": {"metadata": {"labels": LABELS}, "spec": pod},
    }
    return {
        "schedule": "17 * * * *",
        "concurrency_policy": "Forbid",
        "starting_deadline_seconds": 1800,
        "job_template": {"metadata": {"labels": LABELS}, "spec": job},
    }


def _container(args: BackupCheckArgs) -> dict[str, Any]:
    return {
        "name": "check",
        "image": args.image,
        "command": ["python", "backups.py", args.database, args.shared_files],
        "env": [{"name": "AWS_DEFAULT_REGION", "value": args.region}],
        "volume_mounts": [TMP],
        "security_context": LOCKED,
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    }
