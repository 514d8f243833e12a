"""Virtual environments of pinned packages, made once by uv and kept in `.cache/bench-NAME-DIGEST`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
CHANGING = ("BENCH_", "BENTOML_", "MLFLOW_", "MLSERVER_", "OTEL_", "PYTHON", "RAY_", "SERVICE_", "VIRTUAL_ENV")
"""How variables of the user's shell begin that would change what is measured."""


class Unavailable(Exception):
    """A server cannot take part; the text says why."""


def environment(name: str, lock: Path) -> Path:
    """The folder of an environment that holds what a lock pins.

    Raises:
        Unavailable: it cannot be installed.
    """
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"bench-{name}-{digest}"
    ready = folder / ".ready"
    if not ready.exists():
        if not shutil.which("uv"):
            raise Unavailable("uv is needed to install it: pip install uv")
        for old in CACHE.glob(f"bench-{name}-*"):
            shutil.rmtree(old)
        _install(folder, lock)
        ready.touch()
    return folder


def variables(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a process that runs in a virtual environment."""
    users = {name: value for name, value in os.environ.items() if not name.startswith(CHANGING)}
    return {**users, "PATH": f"{folder / 'bin'}:{users['PATH']}", **more}


def _install(folder: Path, lock: Path) -> None:
    python = str(folder / "bin" / "python")
    commands = (
        ["uv", "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
        ["uv", "pip", "sync", "-q", "--compile-bytecode", "--python", python, "--require-hashes", str(lock)],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"{lock.parent.name}/{lock.name} cannot be installed: {done.stderr.strip()[-300:]}")
