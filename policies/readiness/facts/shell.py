"""Reads shell scripts as far as a gate needs: which programs are started, and whether their failure stops anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

OPERATORS = "\n;&|()"
OPENING = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "exec"})
# What only starts another program: the options of it that take a value, so that the value is not taken for the program.
VALUED = {"--extra", "--group", "--with", "--python", "--package", "--env-file", "-p", "-n", "-I", "-s", "-k", "-u"}
RUNNERS = {
    "env": 1,
    "sudo": 1,
    "nohup": 1,
    "xargs": 1,
    "timeout": 1,
    "uvx": 1,
    "npx": 1,
    "uv": 2,
    "poetry": 2,
    "pipenv": 2,
    "pdm": 2,
    "hatch": 2,
    "pixi": 2,
    "pipx": 2,
    "conda": 2,
    "coverage": 2,
}
ENGINES = frozenset({"docker", "podman", "nerdctl", "buildah"})
SHRUGS = frozenset({"true", ":", "echo", "printf"})
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True, slots=True)
class Call:
    """A program that a script starts.

    Attributes:
        words: the program and its arguments, without what only starts it (``sudo``, ``uv run``, ``python -m``).
        file, line: where it stands.
        via: what leads there from the CI's own file, such as ``make test``.
        ignored: why its failure stops nothing; empty when it does.
    """

    words: tuple[str, ...]
    file: str
    line: int
    via: tuple[str, ...] = ()
    ignored: str = ""

    @property
    def program(self) -> str:
        """The program's name, without its folder."""
        return self.words[0].replace("\\", "/").rpartition("/")[2]

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def runs(self, *programs: str) -> bool:
        """Whether it starts one of these, itself or as the image of a container."""
        if self.program in programs:
            return True
        contained = self.program in ENGINES and "run" in self.words[1:3]
        return contained and any(re.split(r"[:@]", word.rpartition("/")[2])[0] in programs for word in self.words[2:])

    def has(self, *words: str) -> bool:
        """Whether one of these is among its arguments, alone or with ``=value``."""
        return any(word in words or word.partition("=")[0] in words for word in self.words[1:])

    def gives(self, option: str, value: str) -> bool:
        """Whether it gives an option this value, as one word or as two."""
        return f"{option}={value}" in self.words or (option, value) in pairwise(self.words)


def calls(script: str, file: str, line: int = 1) -> Iterator[Call]:
    """The programs that a script starts; ``line`` is that of its first line."""
    commands = list(split(plain(script)))
    for place, (words, offset, operator) in enumerate(commands):
        bare = unwrapped(words)
        if bare:
            following = commands[place + 1][0] if place + 1 < len(commands) else ()
            yield Call(bare, file, line + offset, (), shrug(operator, following))


def shrug(operator: str, following: tuple[str, ...]) -> str:
    """Why a failure is ignored, told from what stands behind the command."""
    if operator != "||" or not following:
        return ""
    harmless = following[0] in SHRUGS or following == ("exit", "0")
    return f"|| {' '.join(following)} hides its failure" if harmless else ""


def plain(script: str) -> str:
    """The same lines with a placeholder for what is filled in later: ``${{ }}`` and ``$(…)``."""

    def blank(match: re.Match[str]) -> str:
        return "_" + "\n" * match[0].count("\n")

    script = re.sub(r"\$\{\{.{0,500}?\}\}", blank, script, flags=re.DOTALL)  # bounded, or many openings take for ever
    for _ in range(5):  # nested ones, from the inside out
        script = re.sub(r"\$\([^()]*\)", blank, script)
    return script


def split(script: str) -> Iterator[tuple[tuple[str, ...], int, str]]:
    """Simple commands: words, the line on which they begin (from 0), and the operator behind them."""
    words: list[str] = []
    begun = 0
    for token, line in tokens(script):
        if token[0] not in OPERATORS:
            begun = begun if words else line
            words.append(token[1:])
        elif words:
            yield tuple(words), begun, token.strip("\n") or "\n"
            words = []
    if words:
        yield tuple(words), begun, "\n"


TOKEN = re.compile(
    r"""(?P<join>\\\n)|(?P<operator>[\n;&|()]+)|(?P<space>[ \t\r]+)"""
    r"""|(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\[^\n]|[^\s;&|()'"\\]|['"])+)|(?P<rest>\\)""",
    re.DOTALL,
)


def tokens(script: str) -> Iterator[tuple[str, int]]:
    """Operators as they stand, words with a space in front and without their quotes, each with its line from 0."""
    line = 0
    comment = False
    for match in TOKEN.finditer(script):
        text = match[0]
        comment = comment and "\n" not in text
        if match.lastgroup == "word" and text.startswith("#"):
            comment = "\n" not in text
        elif match.lastgroup == "word" and not comment:
            yield " " + re.sub(r"""^(['"])(.*)\1$""", r"\2", text, flags=re.DOTALL), line
        elif match.lastgroup == "operator" and not comment:
            yield text.replace(" ", ""), line
        line += text.count("\n")


def unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words from the program on that does the work; nothing for an assignment alone."""
    while words:
        first = words[0].lstrip("@")
        name = first.rpartition("/")[2]
        if first in OPENING or ASSIGNMENT.match(first) or not first:
            words = words[1:]
        elif re.fullmatch(r"(python|py)[\d.]*(\.exe)?", name) and len(words) > 1:
            return after_python(words)
        elif name in RUNNERS and wraps(name, words):
            words = without_options(words[RUNNERS[name] :], skip_number=name == "timeout")
        else:
            return (first, *words[1:])
    return ()


def wraps(name: str, words: tuple[str, ...]) -> bool:
    """Whether this use of a runner starts another program, as ``uv run`` does and ``uv sync`` does not."""
    return RUNNERS[name] == 1 or (len(words) > 2 and words[1] in ("run", "exec"))


def without_options(words: tuple[str, ...], skip_number: bool) -> tuple[str, ...]:
    while words and (words[0].startswith("-") or (skip_number and words[0][:1].isdigit())):
        words = words[2:] if words[0] in VALUED else words[1:]
    return words


def after_python(words: tuple[str, ...]) -> tuple[str, ...]:
    """What Python runs: a module's name, a script, or Python itself."""
    rest = words[1:]
    while rest and rest[0].startswith("-") and rest[0] != "-c":
        if rest[0] == "-m" and len(rest) > 1:
            return rest[1:]
        rest = rest[2:] if rest[0] in ("-X", "-W") else rest[1:]
    return rest if rest and rest[0].endswith(".py") else words


def along(call: Call, step: str, ignored: str = "") -> Call:
    """The same call as reached through one step more."""
    return replace(call, via=(step, *call.via), ignored=call.ignored or ignored)
