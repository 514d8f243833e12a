"""Files that git keeps out of a repository: keys of one machine lie beside the source, and are nobody else's.

git itself is not asked. A file is kept out only if that is certain: the index can be read and has it not, and the
ignore file at the root says so in the plainest of its forms. Whatever is said in another form is judged like the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from readiness.facts.repository import Repository
from readiness.facts.unread import UnreadError

HEADER = struct.Struct(">4sLL")  # signature, version, number of entries
FLAGS = 60  # where an entry's flags are, after its times, modes, size and SHA-1
EXTENDED, LENGTH = 0x4000, 0x0FFF
ELSEWHERE = (b"link", b"sdir")  # extensions of an index that is split, or holds folders in place of their files


def kept_out(repo: Repository) -> Callable[[str], bool]:
    """Says of a path whether git ignores it and does not have it."""
    tracked = tracked_paths(repo.root / ".git" / "index") if repo.root else None
    patterns = ignored_patterns(repo)
    if tracked is None or not patterns:
        return lambda _: False
    return lambda path: path not in tracked and any(matches(one, path) for one in patterns)


def tracked_paths(index: Path) -> set[str] | None:
    """The paths in git's index; None when it cannot be read, shortens paths (version 4) or leaves some elsewhere."""
    try:
        data = index.read_bytes()
        signature, version, number = HEADER.unpack_from(data)
        if signature != b"DIRC" or version not in (2, 3):
            return None
        found, at = set(), HEADER.size
        for _ in range(number):
            (flags,) = struct.unpack_from(">H", data, at + FLAGS)
            start = at + FLAGS + (4 if flags & EXTENDED else 2)
            end = data.index(b"\0", start)
            if flags & LENGTH != min(end - start, LENGTH):
                return None  # an index with longer hashes
            found.add(data[start:end].decode())
            at += (end - at + 8) // 8 * 8
    except (OSError, ValueError, struct.error):
        return None
    return None if any(name in data[at:] for name in ELSEWHERE) else found


def ignored_patterns(repo: Repository) -> list[str]:
    """What the ignore file at the root names; nothing if it takes anything back (``!``)."""
    file = repo.files.get(".gitignore")
    try:
        lines = [line.strip() for line in file.lines] if file else []
    except UnreadError:
        return []
    return [] if any(line.startswith("!") for line in lines) else [one for one in lines if one and one[0] != "#"]


def matches(pattern: str, path: str) -> bool:
    """Whether a name, a folder (``name/``) or either at the root (``/name``) covers a path; no other form does."""
    name = pattern.removeprefix("/").removesuffix("/")
    if not name or "/" in name or "\\" in name:
        return False
    parts = path.split("/")
    if pattern.endswith("/"):
        parts = parts[:-1]
    return any(fnmatchcase(part, name) for part in (parts[:1] if pattern.startswith("/") else parts))
