"""Makefiles: which targets there are, and what each of them starts. make itself is never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed

from readiness.facts.repository import File, Repository
from readiness.facts.shell import Call, calls

RULE = re.compile(r"^(?P<targets>[^\s#:=][^#:=]*?)\s*::?(?!=)\s*(?P<needs>[^#=]*?)\s*(#.*)?$")
VARIABLE = re.compile(r"^\s*(?:export\s+|override\s+)?(?P<name>[\w.-]+)\s*(?P<how>[:?+]?)=\s?(?P<value>.*)$")
MOST_EXPANSIONS = 8
MOST_CHARACTERS = 20_000


@dataclass
class Target:
    """A target: what it needs first, and its recipe.

    Attributes:
        recipe: the lines of it that start programs, each with its line in the file.
    """

    name: str
    file: str
    line: int
    needs: list[str] = field(default_factory=list)
    recipe: list[tuple[str, int]] = field(default_factory=list)

    def calls(self, variables: Mapping[str, str]) -> Iterator[Call]:
        for text, line in self.recipe:
            lenient = "-" in text[: len(text) - len(text.lstrip("@-+ "))]
            for call in calls(expand(text.lstrip("@-+ \t"), variables), self.file, line):
                yield changed(call, ignored="the - before it hides its failure") if lenient else call


@dataclass
class Makefile:
    """The targets of one makefile, in order, and its variables."""

    targets: dict[str, Target] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def default(self) -> str:
        goal = self.variables.get(".DEFAULT_GOAL", "")
        return goal or next((name for name in self.targets if not name.startswith(".")), "")


def makefiles(repository: Repository) -> dict[str, Makefile]:
    """The makefile of each folder that has one, by folder."""
    found: dict[str, Makefile] = {}
    for file in repository.role("makefile"):
        read(file, found.setdefault(file.path.rpartition("/")[0], Makefile()))
    return found


def read(file: File, into: Makefile) -> None:
    open_targets: list[Target] = []
    for text, line in logical_lines(file.lines):
        if text.startswith("\t"):
            for target in open_targets:
                target.recipe.append((text.strip(), line))
        elif match := VARIABLE.match(text):
            if match["how"] != "?" or match["name"] not in into.variables:
                into.variables[match["name"]] = match["value"].strip()
        elif match := RULE.match(text):
            open_targets = [
                into.targets.setdefault(name, Target(name, file.path, line))
                for name in expand(match["targets"], into.variables).split()
            ]
            for target in open_targets:
                target.needs.extend(expand(match["needs"], into.variables).split())


def logical_lines(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Lines with their continuations, each with the number of its first line."""
    held, begun = "", 0
    for number, line in enumerate(lines, 1):
        begun = begun if held else number
        held += line
        if not line.endswith("\\"):
            yield held, begun
            held = ""
        else:
            held = held[:-1] + ("\\\n" if held.startswith("\t") else " ")
    if held:
        yield held, begun


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text with the values of variables; functions and unknown ones leave a placeholder, ``$$`` a dollar."""
    left = MOST_CHARACTERS  # of what variables bring: some makefiles double a variable in each line

    def value(match: re.Match[str]) -> str:
        nonlocal left
        found = variables.get(match[1], "_")
        left -= len(found)
        return found if left > 0 else "_"

    for _ in range(MOST_EXPANSIONS):
        more = re.sub(r"\$[({]([\w.-]+)[)}]", value, text)
        if more == text:
            break
        text = more
    return re.sub(r"(?<!\$)\$\([^()]*\)", "_", text).replace("$$", "$")
