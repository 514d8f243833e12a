"""Waivers: gaps that somebody answers for until a date, as ``readiness-waivers.yaml`` at the root of a repository says.

Here the file is only read and written out; ``waiving.py`` decides which of its entries count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from readiness.facts.repository import File, Repository
from readiness.facts.unknown import Fields
from readiness.facts.unread import Unread, UnreadError

FILE = "readiness-waivers.yaml"
KEYS = ("control", "resource", "owner", "until", "reason")
NEEDED = ("control", "owner", "until", "reason")
HEAD = """\
# Gaps that somebody answers for until a date: readiness waive writes them, readiness check shows them. Review each.
# Comments of your own are not kept when an entry is added; what is to be said belongs into its reason.
"""
REMEDY = "mend it, or take it out and write it anew: readiness waive --help"


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry, as it was written.

    Attributes:
        control: the control that need not pass.
        owner: who answers for the gap.
        reason: why it is borne for now.
        until: the last day, as YYYY-MM-DD.
        resource: the one thing that the gap is in; empty for all that the control finds.
        line: where the entry stands in the file.
        malformed: what is wrong with its form; such an entry never counts.
    """

    control: str
    owner: str = ""
    reason: str = ""
    until: str = ""
    resource: str = ""
    line: int = 0
    malformed: tuple[str, ...] = field(default=(), compare=False)

    @property
    def label(self) -> str:
        return f"Waiver/-/{self.control or '?'}"

    @property
    def file(self) -> str:
        return FILE

    @property
    def covers(self) -> tuple[str, str]:
        return self.control, self.resource

    @property
    def day(self) -> date | None:
        """The last day on which it holds; None if ``until`` is no date."""
        try:
            return date.fromisoformat(self.until)
        except ValueError:
            return None


def waivers(repository: Repository) -> tuple[Waiver | Unread, ...]:
    """The entries of a repository's file, in its order, and what could not be read of it; nothing without a file."""
    file = repository.files.get(FILE)
    return tuple(read(file)) if file else ()


def read(file: File) -> Iterator[Waiver | Unread]:
    try:
        documents = file.yaml
    except UnreadError as error:
        yield error.unread
        return
    told = documents[0] if documents else None
    if told is None and len(documents) < 2:
        return
    entries = told.get("waivers") if isinstance(told, dict) else None
    if len(documents) > 1 or not isinstance(told, dict) or set(told) != {"waivers"} or not isinstance(entries, list):
        yield Unread(FILE, 1, "it is no mapping with the one key waivers, which holds a list", REMEDY)
        return
    for entry in entries:
        yield waiver(entry, getattr(told, "line", 1))


def waiver(entry: Any, near: int) -> Waiver:
    """An entry of the file. What is missing in it or is no text is left empty and named in ``malformed``."""
    if not isinstance(entry, Fields):
        return Waiver("", line=near, malformed=(f"an entry is no mapping of {', '.join(KEYS)}",))
    wrong = [f"the key {key} is none of {', '.join(KEYS)}" for key in entry if key not in KEYS]
    wrong += [f"{key} is no text" for key in KEYS if key in entry and not isinstance(entry[key], str)]
    texts = {key: " ".join(entry[key].split()) for key in KEYS if isinstance(entry.get(key), str)}
    wrong += [f"it has no {key}" for key in NEEDED if not texts.get(key) and f"{key} is no text" not in wrong]
    if "resource" in entry and not texts.get("resource"):
        wrong.append("resource is empty: name one, or leave the key out to waive all that the control finds")
    return Waiver(**{"control": "", **texts}, line=entry.line, malformed=tuple(wrong))


def written(entries: Iterable[Waiver]) -> str:
    """The text of a file with these entries: sorted, always in the same spelling."""
    rows: list[dict[str, Any]] = [
        {"control": one.control}
        | ({"resource": one.resource} if one.resource else {})
        | {"owner": one.owner, "until": one.day or one.until, "reason": one.reason}
        for one in sorted(entries, key=lambda one: one.covers)
    ]
    body: str = yaml.safe_dump({"waivers": rows}, sort_keys=False, allow_unicode=True, width=110)
    return HEAD + body
