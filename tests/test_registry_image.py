"""MLflow's image, as `make registry-image` builds it: what the registry's stack relies on is in it.

AIRWORTHY_PYTHON_IMAGE names a base image where the Dockerfile's own cannot be pulled.
"""

import re

import pytest

from needs import need_time
from project import run
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
