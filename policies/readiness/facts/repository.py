"""The repository: an index of its files by path and role, each parsed when first asked for. Nothing of it is ever run.

Links are not followed, so nothing outside is read and no loop can catch the reader. git is not called either, as a
repository's own settings could make it run a program.
"""

from __future__ import annotations

import ast
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from readiness.errors import NothingToJudge
from readiness.facts import yaml_stream
from readiness.facts.once import Once
from readiness.facts.roles import roles_of
from readiness.facts.unread import Unread, UnreadError

MOST_FILES = 100_000
MOST_BYTES = 4 * 2**20  # of a file that is read; source, manifests and locks are far smaller
NOT_OURS = frozenset(
    {
        ".cache",
        ".git",
        ".hg",
        ".import_linter_cache",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".terraform",
        ".tox",
        ".venv",
        "__pycache__",
        "node_modules",
        "site-packages",
        "venv",
    }
)


@dataclass(frozen=True)
class File(Once):
    """A file of the repository.

    Attributes:
        path: relative to the repository, with ``/``.
        size: in bytes.
    """

    root: Path
    path: str
    size: int

    @property
    def label(self) -> str:
        return f"File/-/{self.path}"

    @property
    def file(self) -> str:
        return self.path

    @property
    def line(self) -> int:
        return 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @cached_property
    def bytes(self) -> bytes:
        """What is in it.

        Raises:
            UnreadError: it is too large or may not be read.
        """
        if self.size > MOST_BYTES:
            raise self.unread(f"it is larger than {MOST_BYTES // 2**20} MiB", "split it, or keep it out of the repo")
        try:
            return (self.root / self.path).read_bytes()
        except OSError as error:
            raise self.unread(f"it cannot be read: {error.strerror}", "give the user of the gate read access") from None

    @cached_property
    def text(self) -> str:
        """What is in it, as text with ``\\n`` at the end of lines. Raises ``UnreadError`` if it is none."""
        if b"\0" in self.bytes:
            raise self.unread("it is binary", "name it so that nobody takes it for text")
        try:
            return self.bytes.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise self.unread("it is no UTF-8", "save it as UTF-8") from None

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def yaml(self) -> list[Any]:
        """Its YAML documents. Raises ``UnreadError`` if one cannot be read."""
        found = list(yaml_stream.documents(self.text, self.path))
        for one in found:
            if isinstance(one, Unread):
                raise UnreadError(one)
        return found

    @cached_property
    def toml(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise self.unread(f"it is no TOML: {error}", "mend the syntax") from None

    @cached_property
    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise self.unread(f"it is no JSON: {error}", "mend the syntax") from None

    @cached_property
    def python(self) -> ast.Module:
        """Its syntax tree; nothing of it is imported."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 0
            raise UnreadError(Unread(self.path, line, f"it is no Python: {error}", "mend the syntax")) from None

    def unread(self, why: str, remedy: str) -> UnreadError:
        return UnreadError(Unread(self.path, 0, why, remedy))


@dataclass(frozen=True)
class Repository(Once):
    """An index of a folder.

    Attributes:
        root: the folder; None when there is no repository to judge.
        files: every file by path, in order of path.
        unread: what was left out, and why.
    """

    root: Path | None
    files: dict[str, File] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    @classmethod
    def nothing(cls) -> Repository:
        return cls(None)

    @classmethod
    def at(cls, folder: Path) -> Repository:
        """Indexes a folder.

        Raises:
            NothingToJudge: it is no folder, cannot be read or is empty.
        """
        if not folder.is_dir():
            raise NothingToJudge(f"{folder} is no folder: name the root of the repository")
        unread: list[Unread] = []
        files = {file.path: file for file in walk(folder, folder, unread)}
        if not files:
            raise NothingToJudge(f"{folder} holds no file that can be read: name the root of the repository")
        return cls(folder, dict(sorted(files.items())), tuple(sorted(unread, key=lambda one: one.file)))

    @property
    def label(self) -> str:
        return "Repository/-/."

    @property
    def file(self) -> str:
        return "."

    @property
    def line(self) -> int:
        return 0

    @cached_property
    def by_role(self) -> dict[str, tuple[File, ...]]:
        index: dict[str, list[File]] = {}
        for file in self.files.values():
            for role in roles_of(file.path):
                index.setdefault(role, []).append(file)
        return {role: tuple(files) for role, files in index.items()}

    def role(self, *roles: str) -> Iterator[File]:
        """The files that have one of these roles; ``facts/roles.py`` says which there are."""
        for role in roles:
            yield from self.by_role.get(role, ())

    @cached_property
    def commit(self) -> str:
        """The commit that is checked out, 40 or 64 hex digits; empty when that cannot be told."""
        return head_commit(self.root) if self.root else ""


def walk(root: Path, folder: Path, unread: list[Unread], seen: list[int] | None = None) -> Iterator[File]:
    """The files under a folder, in order, without what tools put there and without following a link."""
    seen = seen if seen is not None else [0]
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path).relative_to(root).as_posix()
        if entry.is_symlink():
            if not within(root, Path(entry.path)):
                why, remedy = "it is a link that leads out of the repository or nowhere", "put the file itself here"
                unread.append(Unread(path, 0, why, remedy))
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in NOT_OURS:
                yield from subfolder(root, Path(entry.path), unread, seen)
        elif entry.is_file(follow_symlinks=False):
            seen[0] += 1
            if seen[0] > MOST_FILES:
                raise NothingToJudge(f"{root} holds more than {MOST_FILES} files: name the root of one service")
            yield File(root, path, entry.stat(follow_symlinks=False).st_size)


def subfolder(root: Path, folder: Path, unread: list[Unread], seen: list[int]) -> Iterator[File]:
    try:
        yield from walk(root, folder, unread, seen)
    except PermissionError:
        path = folder.relative_to(root).as_posix()
        unread.append(Unread(path, 0, "this folder may not be read", "give the user of the gate read access"))


def within(root: Path, link: Path) -> bool:
    """Whether a link ends inside the folder. A loop ends nowhere."""
    try:
        return link.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def head_commit(root: Path) -> str:
    """Reads HEAD and what it points at, in a clone or in a worktree of one."""
    try:
        git = root / ".git"
        if git.is_file():  # a worktree or submodule: "gitdir: PATH"
            git = root / git.read_text().removeprefix("gitdir:").strip()
        shared = git / "commondir"
        common = git / shared.read_text().strip() if shared.is_file() else git
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head
        name = head.removeprefix("ref:").strip()
        if (common / name).is_file():
            return (common / name).read_text().strip()
        packed = (common / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except (OSError, UnicodeDecodeError):
        return ""
