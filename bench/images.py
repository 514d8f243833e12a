"""Container images and their sizes. AIRWORTHY_PYTHON_IMAGE names a base where the Dockerfile's own cannot be pulled."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from project import ROOT

BRACED = ROOT / "{{cookiecutter.project_slug}}"
LOCK = Path(__file__).parent / "serving" / "peers" / "mlflow" / "requirements.txt"
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"]
"""Less than podman asks for by itself, which a machine may not allow."""

MLFLOW = """\
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
COPY requirements.txt ./
RUN python -m pip install --disable-pip-version-check --no-cache-dir --require-hashes -r requirements.txt
CMD ["mlflow", "models", "serve"]
"""


def base() -> str:
    """The image that both are built on."""
    dockerfile = (BRACED / "Dockerfile").read_text(encoding="utf-8")
    named = re.search(r"^ARG PYTHON_IMAGE=(\S+)", dockerfile, re.MULTILINE)
    return os.environ.get("AIRWORTHY_PYTHON_IMAGE") or (named[1] if named else "python:3.11-slim")


def engine() -> list[str] | None:
    """A command of a container engine that can run the base; None if there is none."""
    for name in ("podman", "docker"):
        for command in ([name], [name, "--runtime", "runc"]):  # podman's own choice, crun, does not work everywhere
            tried = [*command, "run", "--rm", "--network=none", *LIMITS, base(), "true"]
            if shutil.which(name) and subprocess.run(tried, capture_output=True).returncode == 0:
                return command
    return None


def service(engine: list[str], project: Path) -> float:
    """The size of what `make image` builds in a project, in MB."""
    flags = f"--network=host --build-arg PYTHON_IMAGE={base()}"
    name = "airworthy-bench-service"
    told = [f"IMAGE={name}", f"ENGINE={' '.join(engine)}", f"BUILD_FLAGS={flags}"]
    subprocess.run(["make", "image", *told], cwd=project, check=True, capture_output=True)
    return _size(engine, name)


def mlflow(engine: list[str]) -> float:
    """The size of the base with MLflow's server in it, in MB."""
    name = "airworthy-bench-mlflow"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(LOCK, folder)
        (Path(folder) / "Dockerfile").write_text(MLFLOW, encoding="utf-8")
        build = [*engine, "build", "--network=host", f"--build-arg=PYTHON_IMAGE={base()}", f"--tag={name}", folder]
        subprocess.run(build, check=True, capture_output=True)
    return _size(engine, name)


def _size(engine: list[str], name: str) -> float:
    """Tell an image's size, then remove it."""
    told = subprocess.run([*engine, "image", "inspect", name], check=True, capture_output=True, text=True).stdout
    subprocess.run([*engine, "image", "rm", name], check=True, capture_output=True)
    size: int = json.loads(told)[0]["Size"]
    return size / 1e6
