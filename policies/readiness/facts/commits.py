"""Whether a commit belongs to a repository, found out without running git, which a repository could misuse."""

from __future__ import annotations

import re
import struct
from pathlib import Path

OBJECT = re.compile(r"[0-9a-f]{40}")
FANOUT, HEADER, NAME = 1024, 8, 20  # bytes of a pack's index, version 2


def git_folder(root: Path) -> Path | None:
    """Where git keeps the objects of a clone, or of the clone that a worktree belongs to."""
    git = root / ".git"
    try:
        if git.is_file():  # "gitdir: PATH"
            git = root / git.read_text().removeprefix("gitdir:").strip()
        shared = git / "commondir"
        return git / shared.read_text().strip() if shared.is_file() else git if git.is_dir() else None
    except (OSError, UnicodeDecodeError):
        return None


def is_here(root: Path, commit: str) -> bool | None:
    """Whether a commit is among the objects; None when that cannot be told: no git, a shallow or partial clone."""
    git = git_folder(root)
    if git is None or (git / "shallow").exists() or (git / "objects" / "info" / "alternates").exists():
        return None
    if not OBJECT.fullmatch(commit):
        return False
    if (git / "objects" / commit[:2] / commit[2:]).is_file():
        return True
    try:
        return any(holds(index, bytes.fromhex(commit)) for index in sorted((git / "objects" / "pack").glob("*.idx")))
    except (OSError, struct.error):
        return None


def holds(index: Path, name: bytes) -> bool:
    """Whether a pack holds an object, by its index."""
    with index.open("rb") as file:
        if file.read(HEADER) != b"\xfftOc\x00\x00\x00\x02":
            raise struct.error("not an index of version 2")
        counts = struct.unpack(">256I", file.read(FANOUT))
        begin, end = counts[name[0] - 1] if name[0] else 0, counts[name[0]]
        file.seek(HEADER + FANOUT + begin * NAME)
        names = file.read((end - begin) * NAME)
    return any(names[place : place + NAME] == name for place in range(0, len(names), NAME))
