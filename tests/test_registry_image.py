"""MLflow's image, as `make registry-image` builds it: what the registry's stack relies on is in it, and what it does
on a real PostgreSQL where there are two pods of it.

AIRWORTHY_PYTHON_IMAGE names a base image where the Dockerfile's own cannot be pulled.
"""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from needs import need_time
from postgres import postgres
from project import run
from registry_pods import ACCOUNT, Pods
from repository import ROOT
from test_image import BASE, LIMITS, LOCKED, engine, ran  # noqa: F401 (one is a fixture)

NAME = "localhost/airworthy-mlflow:test"
LOCK = (ROOT / "stacks/registry/image/requirements.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def image(engine):  # noqa: F811
    need_time(5)
    flags = f"--network=host --build-arg PYTHON_IMAGE={BASE}"
    run(ROOT, "make", "registry-image", f"IMAGE={NAME}", f"ENGINE={' '.join(engine)}", f"BUILD_FLAGS={flags}")
    return [*engine, "run", "--rm", "--network=none", *LIMITS, *LOCKED, "--tmpfs=/tmp"]


def test_it_runs_the_locked_mlflow_as_nobody(image):
    version = re.search(r"^mlflow==(\S+)", LOCK, re.MULTILINE)[1]
    assert ran(*image, NAME, "--version").endswith(version)
    assert ran(*image, "--entrypoint=id", NAME, "-u") == "10001"


def test_it_has_the_drivers_of_database_and_bucket(image):
    assert ran(*image, "--entrypoint=python", NAME, "-c", "import boto3, psycopg2; print('both')") == "both"


@pytest.mark.parametrize("script", ["accounts", "backups"])
def test_it_has_the_scripts_that_the_pods_run(image, script):
    assert ran(*image, "--entrypoint=python", NAME, "-c", f"import {script}; print({script}.__file__)").endswith(".py")


ASKED = """
import backups, boto3
clients = backups.Clients(*(boto3.client(name) for name in backups.Clients._fields))
read = (
    (clients.rds, "DescribeDBInstances", "DBInstanceIdentifier", {"LatestRestorableTime", "InstanceCreateTime"}),
    (clients.efs, "DescribeFileSystems", "FileSystemId", {"CreationTime"}),
    (clients.backup, "ListRecoveryPointsByResource", "ResourceArn", {"Status", "CreationDate"}),
)
for client, operation, told, fields in read:
    model = client.meta.service_model.operation_model(operation)
    assert told in model.input_shape.members, operation
    (listed,) = (shape for shape in model.output_shape.members.values() if shape.type_name == "list")
    assert fields <= set(listed.member.members), operation
assert clients.backup.can_paginate("list_recovery_points_by_resource")
print("all known")
"""
"""What the look at the backups asks of AWS, against what boto3 knows of AWS."""


def test_aws_is_asked_for_what_it_tells(image):
    known = ["--env=AWS_DEFAULT_REGION=eu-central-1", "--entrypoint=python"]
    assert ran(*image, *known, NAME, "-c", ASKED) == "all known"


@pytest.fixture(scope="module")
def pods(image, tmp_path_factory):
    with postgres() as database:
        yield Pods(image, NAME, tmp_path_factory.mktemp("pods"), database), database


def test_two_pods_that_begin_together_make_the_tables_once(pods):
    found, database = pods
    with ThreadPoolExecutor(2) as pool:
        first = list(pool.map(lambda _: found.migrate(), range(2)))
    assert any(first)
    assert found.migrate(), "who failed is started again, and finds it done"
    for table in ("model_versions", "users"):
        assert database.ask(f"SELECT count(*) FROM {table}") == "0"


def test_what_one_pod_keeps_the_other_knows_and_passwords_change_under_way(pods):
    found, database = pods
    found.let_in("the-first-password")
    with found.running() as one, found.running() as other:
        for server in (one, other):
            server.wait_for("the-first-password")
            assert server.ask("GET", f"users/get?username={ACCOUNT}", "another-password")[0] == 401
        assert one.ask("POST", "registered-models/create", "the-first-password", {"name": "model"})[0] == 200
        status, told = other.ask("GET", "registered-models/get?name=model", "the-first-password")
        assert (status, told["registered_model"]["name"]) == (200, "model")

        found.let_in("the-second-password")
        for server in (one, other):
            server.wait_for("the-second-password")
            assert not server.knows("the-first-password")

        database.rotate("rotated-password")
        found.log_in()
        for server in (one, other):
            server.wait_for("the-second-password")
            assert server.ask("GET", "registered-models/get?name=model", "the-second-password")[0] == 200
