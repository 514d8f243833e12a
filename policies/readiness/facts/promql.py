"""Reads PromQL as far as a gate needs: which series an expression asks for, and whether its brackets close."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:ms|[smhdwy])?(?:\d+(?:ms|[smhdwy]))*)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:.]*)
    |(?P<operator>==|!=|<=|>=|=~|!~|[-+*/%^<>=@,:])
    |(?P<bracket>[()\[\]{}])""",
    re.VERBOSE,
)
WORDS = frozenset(
    {"and", "or", "unless", "atan2", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}
    | {"start", "end", "inf", "nan"}
)
LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
CLOSES = {")": "(", "]": "[", "}": "{"}


class SyntaxProblem(Exception):
    """The expression is no PromQL."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


def tokens(expression: str) -> list[Token]:
    """The parts of an expression without spaces and comments.

    Raises:
        SyntaxProblem: a character fits nowhere, or a bracket is not closed.
    """
    found: list[Token] = []
    place, open_brackets = 0, []
    while place < len(expression):
        match = TOKEN.match(expression, place)
        if match is None:
            raise SyntaxProblem(f"{expression[place : place + 20]!r} is no PromQL")
        place = match.end()
        token = Token(match.lastgroup or "", match.group())
        if token.kind == "bracket":
            if token.text not in CLOSES:
                open_brackets.append(token.text)
            elif not open_brackets or open_brackets.pop() != CLOSES[token.text]:
                raise SyntaxProblem(f"a {token.text} closes nothing")
        if token.kind != "space":
            found.append(token)
    if open_brackets:
        raise SyntaxProblem(f"a {open_brackets[-1]} is not closed")
    if not found or found[-1].kind == "operator":
        raise SyntaxProblem("it ends before it is complete" if found else "it is empty")
    return found


def metrics(expression: str) -> set[str]:
    """The names of the series that an expression asks for. Raises ``SyntaxProblem``."""
    return set(names(tokens(expression)))


def names(parts: list[Token]) -> Iterator[str]:
    """Names that are neither functions, nor words of the language, nor labels."""
    depth_of_list = 0
    braces = 0
    for place, token in enumerate(parts):
        following = parts[place + 1].text if place + 1 < len(parts) else ""
        if token.kind == "bracket":
            braces += {"{": 1, "}": -1}.get(token.text, 0)
            if depth_of_list or (token.text == "(" and place and parts[place - 1].text.lower() in LISTS):
                depth_of_list += {"(": 1, ")": -1}.get(token.text, 0)
        elif braces and token.text == "__name__" and following == "=":
            yield parts[place + 2].text[1:-1]
        elif token.kind == "name" and not (braces or depth_of_list) and is_series(token.text, following):
            yield token.text


def is_series(name: str, following: str) -> bool:
    """A name that is neither a word of the language nor, by what follows, a function or an aggregation."""
    return name.lower() not in WORDS and following != "(" and following.lower() not in LISTS
