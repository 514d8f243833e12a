"""Reads resources from paths: files, folders and standard input, within limits and without following links out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from readiness.errors import NothingToJudge
from readiness.facts.kubernetes import gather, objects, read_text
from readiness.facts.pulumi import is_plan, read_plan
from readiness.facts.repository import walk
from readiness.facts.resources import Resource, Resources
from readiness.facts.unread import Unread

MOST_BYTES = 64 * 2**20  # of one file: some 30,000 objects
SUFFIXES = (".yaml", ".yml", ".json")


def read(paths: tuple[str, ...]) -> Resources:
    """The resources of files, folders and ``-``, in the order given.

    Raises:
        NothingToJudge: a path does not exist or cannot be read.
    """
    found: list[Resource | Unread] = []
    empty = 0
    for path in paths:
        for one in read_path(path):
            if one is None:
                empty += 1
            else:
                found.append(one)
    resources, unread = gather(found)
    notes = (f"{empty} files hold no Kubernetes object",) if empty else ()
    return Resources(resources, unread, notes)


def read_path(path: str) -> Iterator[Resource | Unread | None]:
    """The objects of one path; None for a file that holds none."""
    if path == "-":
        yield from read_bytes(sys.stdin.buffer.read(MOST_BYTES + 1), "-")
        return
    place = Path(path)
    if place.is_dir():
        unread: list[Unread] = []
        for file in walk(place, place, unread):
            if file.path.endswith(SUFFIXES):
                yield from read_file(place / file.path, (place / file.path).as_posix())
        yield from unread
    elif place.is_file():
        yield from read_file(place, path)
    else:
        raise NothingToJudge(f"{path}: there is no such file or folder; name a file, a folder, or - for a stream")


def read_file(place: Path, name: str) -> Iterator[Resource | Unread | None]:
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        yield Unread(name, 0, f"it cannot be read: {error.strerror}", "give the user of the gate read access")
        return
    yield from read_bytes(content, name)


def read_bytes(content: bytes, name: str) -> Iterator[Resource | Unread | None]:
    if len(content) > MOST_BYTES:
        yield Unread(name, 0, f"it is larger than {MOST_BYTES // 2**20} MiB", "split it into several files")
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield Unread(name, 0, "it is no UTF-8 text", "save it as UTF-8, or leave it out")
        return
    empty = True
    for one in read_json(text, name) if name.endswith(".json") else read_text(text, name):
        empty = False
        yield one
    if empty:
        yield None


def read_json(text: str, name: str) -> Iterator[Resource | Unread]:
    """The objects of a JSON file: one, a List, or the plan of a Pulumi program."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Unread(name, getattr(error, "lineno", 0), f"it is no JSON: {error}", "mend the syntax at this line")
        return
    if is_plan(document):
        yield from read_plan(document, name)
    else:
        yield from objects(document, name, "{{" in text or "${" in text)
