"""The repository under test: where it is, and the few things done to git repositories made of it."""

import subprocess
from pathlib import Path

from project import share

ROOT = Path(__file__).parents[1]
BRACED = "{{cookiecutter.project_slug}}"


def begin(folder, python):
    commit(folder)
    share(folder, python)
    return folder


def git(folder, *arguments):
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder):
    """Makes the folder a git repository if it is none, and commits all that is in it."""
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "A state of it")


def tree(folder, *left_out):
    """Every file under a folder with its bytes: what two folders are compared by."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in left_out)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if ".git" not in path.parts}
