"""A project generated from the files as they stand, committed or not: what both benchmarks measure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copy_template(folder: Path) -> Path:
    """The template without what git ignores, as a user would clone it."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if os.path.lexists(ROOT / name):  # not so when deleted and not yet committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def bake(template: Path, folder: Path) -> Path:
    """The default project."""
    command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input", "--default-config", "-o", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.iterdir())


def commit() -> str:
    """Which state of the template this is; ends in ``-dirty`` if something is not committed."""
    described = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    return subprocess.run(described, check=True, capture_output=True, text=True).stdout.strip()
