"""Where MLflow's server keeps its data: on one volume, or in PostgreSQL and S3. The server is the same for both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulumi import Input, Output

from stacks.platform.traffic import POD_IDENTITY_AGENT

SERVICE_FOLDER = "/etc/postgresql"
SERVICE_FILE = "pg_service.conf"


@dataclass(frozen=True)
class Peer:
    """Whom the server reaches.

    Attributes:
        cidr: their addresses.
        port: on which TCP port.
    """

    cidr: Input[Any]
    port: int


@dataclass(frozen=True)
class Storage:
    """What the server is told of its data, and what its pod mounts for that. No part of it is a secret.

    Attributes:
        database: SQLAlchemy's URL of runs and versions.
        accounts: SQLAlchemy's URL of the accounts.
        artifacts: the URL of the models' files.
        volumes: the pod's volumes.
        mounts: where the server mounts them.
        environment: environment variables of the server.
        egress: whom it reaches.
    """

    database: str
    accounts: str
    artifacts: Input[str]
    volumes: list[dict[str, Any]]
    mounts: list[dict[str, Any]]
    environment: dict[str, str] = field(default_factory=dict)
    egress: list[Peer] = field(default_factory=list)


def on_volume(claim: Input[str]) -> Storage:
    """Database files and artifacts on one volume, reached by nobody else."""
    return Storage(
        database="sqlite:////data/mlflow.db",
        accounts="sqlite:////data/accounts.db",
        artifacts="file:///data/artifacts",
        volumes=[{"name": "data", "persistent_volume_claim": {"claim_name": claim}}],
        mounts=[{"name": "data", "mount_path": "/data"}],
    )


def in_cloud(bucket: Input[str], secret: Input[str], network: Input[Any]) -> Storage:
    """PostgreSQL, and a bucket by pod identity.

    libpq reads the service file at every new connection, so a rotated password is picked up without a restart; and it
    stands neither in an argument nor in the environment.

    Args:
        bucket: the name of the bucket.
        secret: the Secret that holds the service file.
        network: the addresses in which the database is.
    """
    return Storage(
        database="postgresql+psycopg2:///?service=registry",
        accounts="postgresql+psycopg2:///?service=registry",
        artifacts=Output.concat("s3://", bucket, "/models"),
        volumes=[{"name": "postgresql", "secret": {"secret_name": secret, "default_mode": 0o440}}],
        mounts=[{"name": "postgresql", "mount_path": SERVICE_FOLDER, "read_only": True}],
        environment={"PGSERVICEFILE": f"{SERVICE_FOLDER}/{SERVICE_FILE}"},
        egress=[
            Peer(network, 5432),
            Peer("0.0.0.0/0", 443),  # S3 has no addresses of its own; the role says which bucket
            Peer(POD_IDENTITY_AGENT, 80),
        ],
    )
