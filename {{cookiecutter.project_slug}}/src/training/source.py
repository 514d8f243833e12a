"""Where a model comes from: the git commit, and digests of the files that decide what is trained."""

from __future__ import annotations

import getpass
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from service.bundle import sha256

INPUTS = ("src", "params.yaml", "schema.yaml", "requirements")
"""What decides the outcome of a training, beside the data: a change here not in the commit makes the tree dirty."""


@dataclass(frozen=True)
class Source:
    """The code that trains.

    Attributes:
        commit: full hash of HEAD; empty where there is no repository or no commit.
        dirty: whether files that decide the outcome differ from the commit.
    """

    commit: str
    dirty: bool


def describe(root: Path) -> Source:
    """Ask git about the working tree at ``root``; without git or a commit, the answer is an empty one."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = _git(root, "status", "--porcelain", "--", *INPUTS) if commit else ""
    return Source(commit=commit, dirty=bool(changed))


def has_commit(root: Path, commit: str) -> bool:
    """Whether the repository holds this commit."""
    return bool(commit) and _git(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") == commit


def whoami(root: Path, configured: str) -> str:
    """E-mail of whoever is at work: as set, else as git knows them, else the login name on this machine.

    In a CI job nobody is known to git; there it is the author of the commit, so that approving stays with someone else.
    """
    known = configured or _git(root, "config", "user.email") or _git(root, "log", "-1", "--format=%ae")
    return known or f"{getpass.getuser()}@{platform.node() or 'localhost'}"


def requirements_digest(root: Path) -> str:
    """Digest of the locked packages that training runs with."""
    return sha256((root / "requirements" / "training.txt").read_bytes().replace(b"\r\n", b"\n"))


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
