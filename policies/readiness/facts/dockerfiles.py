"""Dockerfiles: stages and instructions, with the defaults of their arguments filled in. Nothing is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from readiness.facts.repository import File, Repository

# Images that are not the service's: they help to develop or to test it.
ASIDE = re.compile(r"(^|/)(\.devcontainer|tests?|examples?|docs|dev|ci|\.ci)/|\.(dev|test|ci|debug)$", re.IGNORECASE)
HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, all that follows on one line, and where it begins."""

    name: str
    value: str
    line: int

    @property
    def words(self) -> list[str]:
        """Its words, written as a list of JSON or as in a shell."""
        return re.findall(r"[^\s\[\],\"']+", self.value)


@dataclass
class Stage:
    """A stage: what it builds on, with arguments filled in, and its instructions after FROM."""

    base: str
    name: str
    line: int
    instructions: list[Instruction] = field(default_factory=list)

    def of(self, *names: str) -> Iterator[Instruction]:
        return (one for one in self.instructions if one.name in names)

    def last(self, name: str) -> Instruction | None:
        return next((one for one in reversed(self.instructions) if one.name == name), None)


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile and its stages; the last one is what is shipped.

    Attributes:
        arguments: those before the first FROM, with their defaults.
    """

    source: File
    arguments: dict[str, str]
    stages: tuple[Stage, ...]

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def file(self) -> str:
        return self.source.path

    @property
    def line(self) -> int:
        return self.stages[-1].line if self.stages else 0

    @property
    def shipped(self) -> list[Stage]:
        """The last stage and the stages of this file that it builds on, last first: what is in the image."""
        named = {stage.name: stage for stage in self.stages if stage.name}
        found = [self.stages[-1]] if self.stages else []
        while found and (below := named.get(found[-1].base)) and below not in found:
            found.append(below)
        return found

    def last(self, name: str) -> Instruction | None:
        """The instruction of this name that counts in the shipped image."""
        return next((one for stage in self.shipped if (one := stage.last(name))), None)

    @property
    def start(self) -> list[Instruction]:
        """What the shipped image starts: ENTRYPOINT and, behind it, CMD, unless a later stage has a new ENTRYPOINT.

        An ENTRYPOINT that is a line for the shell starts without CMD.

        Source: the Dockerfile reference, "Understand how CMD and ENTRYPOINT interact".
        """
        entry = command = None
        for stage in reversed(self.shipped):
            own = stage.last("ENTRYPOINT")
            command = stage.last("CMD") or (None if own else command)
            entry = own or entry
        if entry and not entry.value.startswith("["):
            command = None
        return [one for one in (entry, command) if one]

    @property
    def bases(self) -> Iterator[Stage]:
        """The stages that build on an image from elsewhere."""
        names = {stage.name for stage in self.stages if stage.name}
        return (stage for stage in self.stages if stage.base not in names and stage.base != "scratch")


def dockerfiles(repository: Repository) -> Iterator[File]:
    """The Dockerfiles of what is deployed; none of those that only help to develop or to test it."""
    return (file for file in repository.role("dockerfile") if not ASIDE.search(file.path))


def read(file: File) -> Dockerfile:
    """A file as a Dockerfile. Raises ``UnreadError`` if it is no text or begins no stage."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for one in instructions(file.lines):
        if one.name == "FROM":
            stages.append(stage(one, arguments))
        elif stages:
            stages[-1].instructions.append(one)
        elif one.name == "ARG":
            name, _, value = one.value.partition("=")
            arguments[name.strip()] = value.strip().strip("\"'")
    if not stages:
        raise file.unread("it has no FROM, so no image can come of it", "begin it with FROM IMAGE:VERSION")
    return Dockerfile(file, arguments, tuple(stages))


def stage(one: Instruction, arguments: dict[str, str]) -> Stage:
    words = [word for word in one.value.split() if not word.startswith("--")]
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    return Stage(filled(words[0] if words else "", arguments), name, one.line)


def filled(text: str, arguments: dict[str, str]) -> str:
    """The text with arguments filled in; one without a default stays as it is written."""

    def value(match: re.Match[str]) -> str:
        return arguments.get(match[1]) or (match[2] or "") or match[0]

    return re.sub(r"\$\{?(\w+)(?::?-([^}]*))?\}?", value, text)


def instructions(lines: list[str]) -> Iterator[Instruction]:
    """Instructions in order, continuations and here-documents joined, comments left out."""
    held, begun, end = "", 0, ""
    for number, line in enumerate(lines, 1):
        if end:
            held += "\n" + line
            if line.strip() == end:
                end = ""
                yield made(held, begun)
                held = ""
            continue
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        begun = begun if held else number
        held += text.removesuffix("\\") if text.endswith("\\") else text
        if not text.endswith("\\"):
            heredoc = HEREDOC.search(held) if held[:4].upper() in ("RUN ", "COPY") else None
            if heredoc:
                end = heredoc[1]
                continue
            yield made(held, begun)
            held = ""
    if held:
        yield made(held, begun)


def made(text: str, line: int) -> Instruction:
    name, _, value = text.partition(" ")
    return Instruction(name.upper(), value.strip(), line)
