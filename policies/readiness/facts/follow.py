"""Follows a call to what it starts in turn: make targets, scripts, tox, nox and pre-commit. Nothing is run."""

from __future__ import annotations

import ast
import configparser
import posixpath
from collections.abc import Callable, Iterator

from readiness.facts.makefiles import Makefile, makefiles
from readiness.facts.repository import File, Repository
from readiness.facts.resources import items, mappings
from readiness.facts.shell import Call, along, calls
from readiness.facts.unread import Unread, UnreadError

MOST_STEPS = 12  # of one way through make and scripts
MOST_CALLS = 5_000  # of one job
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "source", "."})


class Follow:
    """Calls, and whatever they start, in a repository.

    Attributes:
        calls: how many were followed; set to 0 for a job of its own.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.calls = 0
        self.makefiles = repository.once(makefiles)
        self.further: dict[str, Callable[[Call], Iterator[Call]]] = {
            "make": self.make,
            "gmake": self.make,
            "tox": self.tox,
            "nox": self.nox,
            "pre-commit": self.pre_commit,
        }

    def __call__(self, call: Call) -> Iterator[Call]:
        """The call itself, then what it leads to."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            why = f"through make and scripts it starts more than {MOST_CALLS} programs"
            raise UnreadError(Unread(call.file, call.line, why, "call each target once"))
        yield call
        step = call.text if len(call.text) <= 60 else call.text[:57] + "…"
        if step in call.via or len(call.via) >= MOST_STEPS:
            return  # a circle, or deeper than anybody would look
        for one in self.started(call):
            yield from self(along(along_all(one, call.via), step, call.ignored))

    def started(self, call: Call) -> Iterator[Call]:
        """What one call starts, one step deep. A file that cannot be read starts nothing."""
        try:
            if call.program in self.further:
                yield from self.further[call.program](call)
            elif file := self.script(call):
                yield from calls(file.text, file.path)
        except UnreadError:
            return

    def script(self, call: Call) -> File | None:
        """The shell script of this repository that a call starts."""
        words = call.words
        if call.program in SHELLS:
            words = tuple(word for word in words[1:] if not word.startswith("-"))
        file = self.repository.files.get(posixpath.normpath(words[0])) if words else None
        is_shell = file is not None and (file.path.endswith((".sh", ".bash")) or file.text.startswith("#!"))
        return file if file is not None and is_shell and "python" not in file.lines[0] else None

    def make(self, call: Call) -> Iterator[Call]:
        folder, goals = make_arguments(call.words[1:])
        makefile = self.makefiles.get(folder)
        if makefile is None:
            return
        seen: set[str] = set()
        for goal in goals or [makefile.default]:
            yield from goal_calls(makefile, goal, seen)

    def tox(self, call: Call) -> Iterator[Call]:
        file = self.repository.files.get("tox.ini")
        if file is None:
            return
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(file.text)
        except configparser.Error:
            return
        for section in parser.sections():
            if section.startswith("testenv"):
                yield from calls(parser.get(section, "commands", fallback=""), file.path, 0)

    def nox(self, call: Call) -> Iterator[Call]:
        file = self.repository.files.get("noxfile.py")
        for node in ast.walk(file.python) if file else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run":
                words = [part.value for part in node.args if isinstance(part, ast.Constant)]
                yield from calls(" ".join(map(str, words)), file.path if file else "", node.lineno)

    def pre_commit(self, call: Call) -> Iterator[Call]:
        """Each hook, as its id and as its entry."""
        if "run" not in call.words:
            return
        for file in self.repository.role("pre-commit"):
            for repo in mappings(file.yaml[0] if file.yaml else None, "repos"):
                for hook in mappings(repo, "hooks"):
                    line = getattr(hook, "line", 0)
                    arguments = map(str, items(hook, "args"))
                    if "manual" not in items(hook, "stages"):
                        yield Call((str(hook.get("id")), *arguments), file.path, line)
                        yield from calls(str(hook.get("entry") or ""), file.path, line)


def along_all(call: Call, steps: tuple[str, ...]) -> Call:
    for step in reversed(steps):
        call = along(call, step)
    return call


def make_arguments(words: tuple[str, ...]) -> tuple[str, list[str]]:
    """The folder and the goals of a make command."""
    folder, goals, rest = "", [], list(words)
    while rest:
        word = rest.pop(0)
        if word in ("-C", "--directory") and rest:
            folder = posixpath.normpath(rest.pop(0))
        elif not word.startswith(("-", ">", "<", "2>")) and "=" not in word and word != "_":
            goals.append(word)
        elif word in (">", ">>", "2>", "<") and rest:
            rest.pop(0)
    return "" if folder == "." else folder, goals


def goal_calls(makefile: Makefile, goal: str, seen: set[str]) -> Iterator[Call]:
    """What a goal starts, what it needs first, each target once."""
    target = makefile.targets.get(goal)
    if target is None or goal in seen:
        return
    seen.add(goal)
    for need in target.needs:
        yield from goal_calls(makefile, need, seen)
    yield from target.calls(makefile.variables)
