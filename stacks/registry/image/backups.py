"""Whether the copies that AWS makes of database and shared files are there and young enough.

Runs every hour, as ``python backups.py DATABASE FILE_SYSTEM``: the identifier of the one and the ARN of the other. Says
of each how old its newest copy is, and ends with 1 if one is older than it may be. AWS makes the copies by itself and
tells Prometheus nothing of them; that this Job succeeded is what Prometheus knows.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

DATABASE_LATE = timedelta(hours=2)
"""RDS keeps the log of changes every few minutes."""

FILES_LATE = timedelta(hours=50)
"""AWS Backup begins once a day and may take hours: two days and some, so that one that is late alerts nobody."""


class Clients(NamedTuple):
    """boto3's clients of the services that are asked."""

    rds: Any
    efs: Any
    backup: Any


class Found(NamedTuple):
    """What is known of the copies of one thing.

    Attributes:
        what: the thing.
        newest: as of when it can be brought back; None for not at all.
        late: how old that may be.
        made: since when the thing is there.
    """

    what: str
    newest: datetime | None
    late: timedelta
    made: datetime

    def overdue(self, now: datetime) -> bool:
        """Whether it is too old; what is not there at all is so only once there was time to make it."""
        return now - (self.newest or self.made) > self.late

    def told(self, now: datetime) -> str:
        """One line for the log."""
        if self.newest is None:
            return f"{self.what}: no copy yet, made {now - self.made} ago"
        return f"{self.what}: can be restored as of {self.newest.isoformat()}, {now - self.newest} ago"


def database(clients: Clients, identifier: str) -> Found:
    """The database, which RDS can restore to any moment before the newest."""
    (instance,) = clients.rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    newest = instance.get("LatestRestorableTime")
    return Found(f"database {identifier}", newest, DATABASE_LATE, instance["InstanceCreateTime"])


def shared_files(clients: Clients, arn: str) -> Found:
    """The file system, of which AWS Backup keeps a recovery point for each day."""
    points = clients.backup.get_paginator("list_recovery_points_by_resource").paginate(ResourceArn=arn)
    done = [
        point["CreationDate"] for page in points for point in page["RecoveryPoints"] if point["Status"] == "COMPLETED"
    ]
    (system,) = clients.efs.describe_file_systems(FileSystemId=arn.rpartition("/")[2])["FileSystems"]
    return Found(f"shared files {arn}", max(done, default=None), FILES_LATE, system["CreationTime"])


def check(clients: Clients, identifier: str, arn: str, now: datetime) -> int:
    """Tell of both; returns the exit code."""
    found = [database(clients, identifier), shared_files(clients, arn)]
    for each in found:
        print(("OVERDUE " if each.overdue(now) else "") + each.told(now), flush=True)
    return int(any(each.overdue(now) for each in found))


def main(identifier: str, arn: str) -> int:
    """Ask AWS with the role of the pod."""
    import boto3  # the image has it, and nothing else needs it

    clients = Clients(*(boto3.client(name) for name in Clients._fields))
    return check(clients, identifier, arn, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
