"""Files of requirements as locks: each package with an exact version and the hashes of its files."""

from __future__ import annotations

import re

from readiness.facts.repository import File, Repository

PINNED = re.compile(r"==\s*[\w.!+]+|@\s*(git\+|https)")


def locked_requirements(repo: Repository) -> tuple[File, ...]:
    """Files of requirements that hold a hash for each line that names a package."""
    return tuple(file for file in repo.role("requirements") if file.once(is_locked))


def is_locked(file: File) -> bool:
    found = file.once(packages)
    return bool(found) and all(is_fixed(text) for text, _ in found)


def packages(file: File) -> list[tuple[str, int]]:
    """What a file of requirements names: each package with all that follows up to the next, and its line."""
    found: list[tuple[str, int]] = []
    for number, line in enumerate(file.lines, 1):
        if re.match(r"[A-Za-z0-9]", line):
            found.append((line, number))
        elif found:
            found[-1] = (f"{found[-1][0]}\n{line}", found[-1][1])
    return found


def is_fixed(text: str) -> bool:
    return PINNED.search(text) is not None and "--hash=" in text
