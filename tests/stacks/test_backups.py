"""The look at the backups: what AWS tells, and what the look makes of it."""

import importlib.util
from datetime import UTC, datetime, timedelta

import pytest
from mocks import STACKS

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FILES = "arn:aws:elasticfilesystem:eu-central-1:000000000000:file-system/fs-1"


@pytest.fixture(scope="module")
def backups():
    """The script that is copied into the image."""
    spec = importlib.util.spec_from_file_location("backups", STACKS / "registry" / "image" / "backups.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Aws:
    """AWS's answers, in the shape in which boto3 gives them; it takes the place of all three clients."""

    def __init__(self, restorable, points, made):
        self._restorable, self._points, self._made = restorable, points, made

    def describe_db_instances(self, *, DBInstanceIdentifier):
        assert DBInstanceIdentifier == "airworthy-prod-registry"
        known = {"LatestRestorableTime": self._restorable} if self._restorable else {}
        return {"DBInstances": [{"InstanceCreateTime": self._made, **known}]}

    def describe_file_systems(self, *, FileSystemId):
        assert FileSystemId == "fs-1"
        return {"FileSystems": [{"CreationTime": self._made}]}

    def get_paginator(self, name):
        assert name == "list_recovery_points_by_resource"
        return self

    def paginate(self, *, ResourceArn):
        assert ResourceArn == FILES
        for status, when in self._points:
            yield {"RecoveryPoints": [{"Status": status, "CreationDate": when}]}


def ago(**how_long):
    return NOW - timedelta(**how_long)


@pytest.mark.parametrize(
    ("restorable", "points", "made", "overdue"),
    [
        (ago(minutes=6), [("COMPLETED", ago(hours=30)), ("COMPLETED", ago(hours=6))], ago(days=90), []),
        (ago(hours=3), [("COMPLETED", ago(hours=6))], ago(days=90), ["database"]),
        (ago(minutes=6), [("COMPLETED", ago(hours=51))], ago(days=90), ["shared files"]),
        (ago(minutes=6), [("PARTIAL", ago(hours=1))], ago(days=90), ["shared files"]),
        (None, [], ago(days=90), ["database", "shared files"]),
        (None, [], ago(hours=1), []),
        (None, [], ago(hours=3), ["database"]),
    ],
)
def test_a_copy_that_is_too_old_is_told_and_fails_the_look(backups, capsys, restorable, points, made, overdue):
    aws = Aws(restorable, points, made)
    code = backups.check(backups.Clients(aws, aws, aws), "airworthy-prod-registry", FILES, NOW)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said if line.startswith("OVERDUE ")] == [what.split()[0] for what in overdue]
    assert code == bool(overdue)
    assert len(said) == 2
