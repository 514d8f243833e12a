"""Puts the gate on the path, as ``pip install policies/`` would, and makes environments of the pack and of Checkov."""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "policies"))


@pytest.fixture(scope="session")
def pack_python():
    """A Python that has what the policy pack needs, which does not fit beside the stacks; made once, then kept."""
    if find_spec("pulumi_policy"):
        return sys.executable
    return str(kept("pack", ROOT / "policies" / "pack" / "requirements.txt") / "python")


@pytest.fixture(scope="session")
def checkov():
    """The command of Checkov, which is no dependency of ours; its environment is made once, then kept."""
    return str(kept("checkov", ROOT / "bench" / "gate" / "checkov" / "requirements.txt") / "checkov")


def kept(name, lock):
    """The folder of the commands of an environment that holds what a lock pins."""
    folder = ROOT / ".cache" / f"{name}-env" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    python, ready = folder / "bin" / "python", folder / ".ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not ready.exists():
            install(folder, python, lock)
            ready.touch()
    return python.parent


def install(folder, python, lock):
    """Makes a virtual environment of what a lock pins, with uv when present, else with venv and pip."""
    if shutil.which("uv"):
        make = ["uv", "venv", "-q", "--clear", "--python", sys.executable, str(folder)]
        fill = ["uv", "pip", "sync", "-q", "--python", str(python), "--require-hashes", str(lock)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        fill = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)]
    for command in (make, fill):
        subprocess.run(command, check=True)
