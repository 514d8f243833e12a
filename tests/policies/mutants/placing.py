"""Puts a mutant in the place of its module, in a process that has imported it and what uses it."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any


@dataclass(frozen=True)
class Loaded:
    """A module that is imported, and the modules beside it that import from it, each after what it imports from."""

    module: ModuleType
    users: tuple[tuple[ModuleType, CodeType], ...]

    @property
    def files(self) -> set[str]:
        return {str(one.__file__) for one in (self.module, *(user for user, _ in self.users))}


def loaded(path: Path) -> Loaded:
    modules = {Path(one.__file__): one for one in list(sys.modules.values()) if getattr(one, "__file__", None)}
    module = modules[path]
    beside = [one for file, one in modules.items() if file.parent == path.parent and one is not module]
    found: list[ModuleType] = [module]
    while more := [one for one in beside if one not in found and sources(one) & {used.__name__ for used in found}]:
        found.extend(more)
    users = sorted(found[1:], key=lambda one: depth(one, found))
    return Loaded(module, tuple((one, compile(text(one), str(one.__file__), "exec")) for one in users))


def depth(module: ModuleType, among: list[ModuleType]) -> int:
    return 1 + max((depth(one, among) for one in among if one.__name__ in sources(module)), default=0)


@cache
def sources(module: ModuleType) -> frozenset[str]:
    """The modules from which a module imports something."""
    return frozenset(str(node.module) for node in ast.walk(ast.parse(text(module))) if isinstance(node, ast.ImportFrom))


def text(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def place(mutated: str, at: Loaded) -> None:
    """Executes the module anew, in place, and then its users: whoever holds a control of theirs holds what it is now.

    Raises:
        Exception: the mutant cannot even be imported, or its controls are called otherwise.
    """
    new = ((at.module, compile(mutated, str(at.module.__file__), "exec")), *at.users)
    before = [control for module, _ in new for control in controls(module)]
    for module, code in new:
        exec(code, vars(module))
    now = {control.id: control for module, _ in new for control in controls(module)}
    for control in before:
        vars(control).update(vars(now[control.id]))


def controls(module: ModuleType) -> tuple[Any, ...]:
    return getattr(module, "CONTROLS", ())
