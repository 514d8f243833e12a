"""The mutants of a module: each is its source with one small fault, made by mutmut's operators.

mutmut itself leaves decorated functions alone, which all controls are, so only its operators are used.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

DECLARED = frozenset(
    {
        "title",
        "why",
        "remedy",
        "sources",
        "source",
        "did",
        "needs",
        "severity",
        "kind",
        "mandatory",
        "waivable",
        "alone",
        "frozen",
    }
)
"""Arguments of what makes controls. They are prose, or others hold them: mypy, test_fixtures, test_alone."""


@dataclass(frozen=True)
class Mutant:
    """A module with one fault in it."""

    path: Path
    line: int
    text: str
    was: str
    now: str


class Places(cst.CSTVisitor):
    """Finds what can be changed in a statement, in order: the line, the node, and what comes in its place."""

    def __init__(self, prose: frozenset[str], ranges: Mapping[cst.CSTNode, CodeRange]) -> None:
        super().__init__()
        self.prose, self.ranges = prose, ranges
        self.found: list[tuple[int, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self.left_out(node):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                for now in operator(node):
                    if declarations(node) == declarations(now):
                        self.found.append((self.ranges[node].start.line, node, now))
        return True

    def left_out(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Name):
            return node.targets[0].target.value in self.prose
        return declared(node) or isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom)


def declared(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Param):
        return node.name.value in DECLARED
    return isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value in DECLARED


def declarations(node: cst.CSTNode) -> list[cst.CSTNode]:
    """What is declared in a call, which no fault may take out."""
    return [one for one in node.args if declared(one)] if isinstance(node, cst.Call) else []


def mutants(path: Path) -> Iterator[Mutant]:
    """All mutants of a module, in the order of their places."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    module, ranges, prose, seen = wrapper.module, wrapper.resolve(PositionProvider), prose_of(path), {source}
    parts = ["".join(map(module.code_for_node, module.header)), *map(module.code_for_node, module.body)]
    for number, statement in enumerate(module.body, start=1):
        places = Places(prose, ranges)
        statement.visit(places)
        for line, was, now in places.found:  # only its own statement is printed anew: ten times as fast
            changed = module.code_for_node(statement.deep_replace(was, now))
            text = "".join((*parts[:number], changed, *parts[number + 1 :]))
            if text not in seen:
                seen.add(text)
                yield Mutant(path, line, text, *difference(source, text))


def difference(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, as they were and as they are now."""
    lines = list(difflib.ndiff(old.splitlines(), new.splitlines()))
    was, now = ([line[2:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return "\n".join(was), "\n".join(now)


def prose_of(path: Path) -> frozenset[str]:
    """Constants of a module that only declarations and annotations read, here and in the modules beside it."""
    tree = ast.parse(path.read_bytes())
    read = {"CONTROLS", *names(tree)}
    for file in path.parent.glob("*.py"):
        beside = ast.parse(file.read_bytes())
        if any(isinstance(one, ast.ImportFrom) and f".{one.module}".endswith(f".{path.stem}") for one in beside.body):
            read.update(names(beside))
    assigned = (target for one in tree.body if isinstance(one, ast.Assign) for target in one.targets)
    return frozenset(target.id for target in assigned if isinstance(target, ast.Name)) - read


def names(node: ast.AST) -> Iterator[str]:
    """Names that are read, but for those in declarations and annotations."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns") and not (isinstance(node, ast.keyword) and node.arg in DECLARED):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from names(child)
