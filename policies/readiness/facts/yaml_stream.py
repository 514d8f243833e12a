"""Reads YAML of unknown origin: many documents, line numbers, and no way to exhaust the reader.

Built from libyaml's events, without recursion and without tags, so a document can neither run code nor overflow the
stack. Plain scalars are resolved as Kubernetes does, by the core schema; dates stay text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from yaml import events

from readiness.facts.unknown import Fields
from readiness.facts.unread import Unread, UnreadError

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_NODES = 200_000  # of one document, aliases written out: the largest CRDs have some 30,000
MOST_DEPTH = 100
RENDER = "render it first: helm template . | readiness manifests -  (or kustomize build)"

WORDS = {
    word: value
    for words, value in (("true True TRUE", True), ("false False FALSE", False), ("null Null NULL ~", None))
    for word in words.split()
} | {"": None, "yes": True, "on": True, "no": False, "off": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")
OCTAL_OR_HEX = re.compile(r"0(o?[0-7]+|x[0-9a-fA-F]+)$")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")


@dataclass(slots=True)
class Open:
    """A mapping or list whose end has not been read yet."""

    value: Any
    anchor: str | None
    nodes: int = 1
    depth: int = 1
    key: Any = None
    has_key: bool = False
    merged: list[Any] = field(default_factory=list)


def documents(text: str, file: str) -> Iterator[Any | Unread]:
    """Each document of a stream, and what is wrong where reading had to stop.

    A document is what its YAML says, with ``Fields`` for mappings. After a syntax error nothing more can be read of the
    file, so an ``Unread`` is the last thing given; a document that is only too large or malformed is given as one.
    """
    stream = yaml.parse(text, Loader=Loader)
    try:
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                yield document(stream, file)
    except yaml.YAMLError as error:
        yield syntax_error(error, text, file)


def document(stream: Iterator[Any], file: str) -> Any | Unread:
    """Reads events up to the end of this document, also when it is refused half-way."""
    builder = Builder(file)
    refused: Unread | None = None
    for event in stream:
        if isinstance(event, events.DocumentEndEvent):
            break
        if refused is None:
            try:
                builder.take(event)
            except UnreadError as error:
                refused = error.unread
    return refused or builder.root


class Builder:
    """Makes a document of events, within limits."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Any = None
        self.open: list[Open] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is events.ScalarEvent:
            value = scalar(event.value) if event.implicit[0] else tagged(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1, 0)
            self.put(value, 1, 0, event)
        elif kind is events.MappingStartEvent:
            self.begin(Fields((), event.start_mark.line + 1), event)
        elif kind is events.SequenceStartEvent:
            self.begin([], event)
        elif kind is events.AliasEvent:
            if event.anchor not in self.anchors:
                self.refuse(event, f"*{event.anchor} stands for nothing, or for something that contains it")
            self.put(*self.anchors[event.anchor], event)
        else:
            self.close(event)

    def begin(self, value: Any, event: Any) -> None:
        self.open.append(Open(value, event.anchor))
        if len(self.open) > MOST_DEPTH:
            self.refuse(event, f"it is nested more than {MOST_DEPTH} deep")

    def close(self, event: Any) -> None:
        done = self.open.pop()
        for other in done.merged:
            for key, value in other.items():
                done.value.setdefault(key, value)
        if done.anchor:
            self.anchors[done.anchor] = (done.value, done.nodes, done.depth)
        self.put(done.value, done.nodes, done.depth, event)

    def put(self, value: Any, nodes: int, depth: int, event: Any) -> None:
        if not self.open:
            self.root = value
            return
        parent = self.open[-1]
        parent.nodes += nodes
        parent.depth = max(parent.depth, depth + 1)
        if parent.nodes > MOST_NODES or parent.depth > MOST_DEPTH:
            self.refuse(event, f"written out, its aliases make more than {MOST_NODES} values or {MOST_DEPTH} levels")
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif not parent.has_key:
            parent.key, parent.has_key = value, True
        else:
            parent.has_key = False
            self.enter(parent, value, event)

    def enter(self, parent: Open, value: Any, event: Any) -> None:
        key = parent.key
        if key == "<<":
            others = value if isinstance(value, list) else [value]
            if not all(isinstance(other, dict) for other in others):
                self.refuse(event, "<< merges something that is no mapping")
            parent.merged.extend(others)
            return
        if isinstance(key, dict | list):
            self.refuse(event, "a key is a mapping or a list, as in a template that is not rendered", templated=True)
        key = key if isinstance(key, str) else plain(key)
        if key in parent.value:
            self.refuse(event, f"the key {key!r} stands twice in one mapping, and readers differ on which one counts")
        parent.value[key] = value

    def refuse(self, event: Any, why: str, templated: bool = False) -> None:
        plainly = "write this document out plainly; kubectl apply --dry-run=client -f FILE shows what would be read"
        remedy = RENDER if templated else plainly
        raise UnreadError(Unread(self.file, event.start_mark.line + 1, why, remedy, templated))


def tagged(event: Any) -> Any:
    """Quoted text is text; of explicit tags only ``!!binary`` and ``!!str`` are common, and both are text here."""
    return scalar(event.value) if event.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:bool") else event.value


def plain(key: Any) -> str:
    """A key as JSON would have it: true, null and numbers as text."""
    return json.dumps(key)


@lru_cache(maxsize=50_000)
def scalar(text: str) -> Any:
    """The value of an unquoted scalar."""
    if text in WORDS:
        return WORDS[text]
    first = text[0]
    if not (first.isdigit() or first in "+-."):
        return text
    if len(text) > 40:
        return text
    if INTEGER.match(text):
        return int(text.replace("_", ""))
    if OCTAL_OR_HEX.match(text):
        return int(text, 16) if "x" in text else int(text.replace("o", ""), 8)
    if FLOAT.match(text):
        return float(text)
    return text


def syntax_error(error: yaml.YAMLError, text: str, file: str) -> Unread:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    line = min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else 0
    if "{{" in text or "{%" in text:
        why = f"it is a template, and no YAML before it is rendered ({problem})"
        return Unread(file, line, why, RENDER, templated=True)
    return Unread(file, line, f"it is no YAML: {problem}", "mend the syntax at this line")
