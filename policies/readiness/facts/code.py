"""The Python of a repository: its modules, which of them serve, which of them run at all, and its notebooks."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from readiness.facts.frameworks import serves
from readiness.facts.module import Module, module
from readiness.facts.repository import File, Repository
from readiness.facts.shell import Call
from readiness.facts.unread import Unread, UnreadError


@dataclass(frozen=True)
class Code:
    """All Python.

    Attributes:
        modules: by path.
        notebooks: the files of notebooks.
        unread: Python files that cannot be parsed.
    """

    modules: dict[str, Module] = field(default_factory=dict)
    notebooks: tuple[File, ...] = ()
    unread: tuple[Unread, ...] = ()

    @cached_property
    def product(self) -> tuple[Module, ...]:
        """All modules but tests."""
        return tuple(module for module in self.modules.values() if not module.test)

    @cached_property
    def tests(self) -> tuple[Module, ...]:
        return tuple(module for module in self.modules.values() if module.test)

    @cached_property
    def links(self) -> dict[str, frozenset[str]]:
        """Which modules of the repository each module imports."""
        return {path: frozenset(self.resolve(module)) for path, module in self.modules.items()}

    def resolve(self, module: Module) -> Iterator[str]:
        for name in module.imports:
            yield from self.found(name, module.folder)

    def found(self, name: str, folder: str) -> Iterator[str]:
        """The files that an import of this name loads, from a module in this folder: packages on the way, too."""
        bare = name.lstrip(".")
        parts = bare.split(".") if bare else []
        if parts and parts[0] not in self.stems:
            return
        if name.startswith("."):
            for _ in range(len(name) - len(bare) - 1):
                folder = posixpath.dirname(folder)
            yield from self.under(folder, parts, 0)
            return
        for root in roots(folder):
            found = list(self.under(root, parts, 1))
            if found:
                yield from found
                return

    @cached_property
    def stems(self) -> frozenset[str]:
        """Every name that a folder or file of Python has here: an import that begins with another loads none."""
        return frozenset(part.removesuffix(".py") for path in self.modules for part in path.split("/"))

    def under(self, root: str, parts: list[str], begin: int) -> Iterator[str]:
        """The files of a dotted name under a folder, from its first ``begin`` parts on."""
        for end in range(begin, len(parts) + 1):
            path = "/".join(filter(None, [root, *parts[:end]]))
            yield from (found for found in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if found in self.modules)

    @cached_property
    def serving(self) -> tuple[Module, ...]:
        """The modules of the running service: those that make it, those that start them, and all they import."""
        begin = {module.file for module in self.product if serves(module)}
        starters = self.reach(begin, upward=True)
        return self.of(self.reach(begin | {path for path in starters if not self.modules[path].test}))

    @cached_property
    def training(self) -> tuple[Module, ...]:
        """The modules that serve nothing: training, pipelines, deployment."""
        serving = {module.file for module in self.serving}
        return tuple(module for module in self.product if module.file not in serving)

    def run_by(self, calls: Iterable[Call]) -> tuple[Module, ...]:
        """The modules that calls run: scripts, ``python -m`` and what they import."""
        begin: set[str] = set()
        for call in calls:
            for word in call.words:
                if word.endswith(".py") and posixpath.normpath(word) in self.modules:
                    begin.add(posixpath.normpath(word))
            begin |= set(self.package(call.words[0]))
        return self.of(self.reach(begin))

    def package(self, name: str) -> Iterator[str]:
        """The files that ``python -m name`` runs."""
        path = name.replace(".", "/")
        for root in ("", "src/"):
            yield from (found for found in (f"{root}{path}/__main__.py", f"{root}{path}.py") if found in self.modules)

    def reach(self, begin: set[str], upward: bool = False) -> set[str]:
        """All that these modules import, directly or not; upward: all that import them."""
        links: dict[str, set[str]] = {path: set() for path in self.modules}
        for path, targets in self.links.items():
            for target in targets:
                links[target if upward else path].add(path if upward else target)
        found, todo = set(begin), list(begin)
        while todo:
            for path in links[todo.pop()] - found:
                found.add(path)
                todo.append(path)
        return found

    def of(self, paths: Iterable[str]) -> tuple[Module, ...]:
        return tuple(self.modules[path] for path in sorted(paths))


def roots(folder: str) -> Iterator[str]:
    """Where Python may look for a package, from a module in this folder: its own folder, those above, and their src."""
    while True:
        yield folder
        yield "/".join(filter(None, [folder, "src"]))
        if not folder:
            return
        folder = posixpath.dirname(folder)


def code(repository: Repository) -> Code:
    """Parses all Python of a repository."""
    modules: dict[str, Module] = {}
    unread: list[Unread] = []
    for file in repository.role("python"):
        try:
            modules[file.path] = file.once(module)
        except UnreadError as error:
            unread.append(error.unread)
    return Code(modules, tuple(repository.role("notebook")), tuple(unread))


def cells(notebook: File) -> str:
    """The code of a notebook as one text, without the magic lines. Raises ``UnreadError`` if it is none."""
    told: Any = notebook.json
    parts = told.get("cells", ()) if isinstance(told, dict) else ()
    sources = (part.get("source", "") for part in parts if part.get("cell_type") == "code")
    texts = ("".join(source) if isinstance(source, list) else str(source) for source in sources)
    return "\n".join(line for text in texts for line in text.split("\n") if not line.lstrip().startswith(("%", "!")))
