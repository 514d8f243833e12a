"""A Python module as facts: what it imports, names, says and calls. Read once, never imported."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from readiness.facts.once import Once
from readiness.facts.repository import File
from readiness.facts.roles import roles_of

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module(Once):
    """One module.

    Attributes:
        source: its file.
        test: it is a test or helps tests.
    """

    source: File
    tree: ast.Module
    test: bool = False

    @property
    def file(self) -> str:
        return self.source.path

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def line(self) -> int:
        return 0

    @property
    def folder(self) -> str:
        return self.file.rpartition("/")[0]

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(walk(self.tree))

    @cached_property
    def imports(self) -> dict[str, int]:
        """Dotted names that it imports, relative ones with their dots, and the line of each."""
        found: dict[str, int] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for name in node.names:
                    found.setdefault(name.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                base = "." * node.level + (node.module or "")
                found.setdefault(base, node.lineno)
                joint = "" if base.endswith(".") else "."
                for name in node.names:
                    found.setdefault(f"{base}{joint}{name.name}", node.lineno)
        return found

    @cached_property
    def packages(self) -> set[str]:
        """The top names of what it imports absolutely."""
        return {name.partition(".")[0] for name in self.imports if not name.startswith(".")}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """What a local name stands for: ``{"np": "numpy", "Redis": "redis.asyncio.Redis"}``."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found |= {name.asname: name.name for name in node.names if name.asname}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
        return found

    @cached_property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """Every call with the dotted name of what is called, imports resolved: ``requests.get``."""
        return [(self.called(node), node) for node in self.nodes if isinstance(node, ast.Call)]

    def called(self, node: ast.Call) -> str:
        name = dotted(node.func)
        first, dot, rest = name.partition(".")
        return f"{self.aliases.get(first, first)}{dot}{rest}"

    @cached_property
    def names(self) -> dict[str, int]:
        """Every identifier that it uses or defines, with the line of the first."""
        found: dict[str, int] = {}
        for node in self.nodes:
            for name in identifiers(node):
                found.setdefault(name, getattr(node, "lineno", 0))
        return found

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each variable and each attribute of something stands in it."""
        named = (getattr(node, "id", "") or getattr(node, "attr", "") for node in self.nodes)
        return Counter(filter(None, named))

    @cached_property
    def strings(self) -> list[tuple[str, int]]:
        """Every text in it that is no docstring, with its line."""
        docs = {id(node.value) for node in self.nodes if isinstance(node, ast.Expr)}
        return [
            (node.value, node.lineno)
            for node in self.nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ]

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}


def module(file: File) -> Module:
    """The module of a file. Raises ``UnreadError`` if it is no Python."""
    return Module(file, file.python, "python-test" in roles_of(file.path))


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all under it, level by level, as ``ast.walk`` has them, in half its time."""
    level = [node]
    while level:
        yield from level
        level = [child for one in level for child in children(one)]


def children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [one for one in value if isinstance(one, ast.AST)]
    return found


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an expression; of what stands before a call or an index only a placeholder."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "()" if isinstance(node, ast.Call) else "?"


def identifiers(node: ast.AST) -> tuple[str, ...]:
    """The identifiers that one node of the tree brings."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.arg | ast.keyword):
        return (node.arg,) if node.arg else ()
    if isinstance(node, ast.alias):
        return tuple((node.asname or node.name).split("."))
    return ()


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value that a call gives to a keyword; None when it gives none."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def constant(node: ast.expr | None) -> object:
    """The value of a literal, None for anything else."""
    return node.value if isinstance(node, ast.Constant) else None


def text_of(node: ast.expr | None) -> str:
    value = constant(node)
    return value if isinstance(value, str) else ""
