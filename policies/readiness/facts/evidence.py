"""Evidence: what drills, load tests, restores and scans wrote down, and whether it still counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from readiness.facts.repository import File, Repository


@dataclass(frozen=True)
class Record:
    """One piece of evidence.

    Attributes:
        kind: what was done, such as ``rollback-drill`` or ``load-test``.
        commit: the commit that it was done with.
        environment: where.
        tool: with what.
        result: ``pass`` or ``fail``.
        time: when it ended.
        values: what was measured, by name.
        file: where the record stands.
        distrust: why it does not count, whatever it says; empty when it does.
        signer: who signed it, once the signature was verified; empty when nobody did.
    """

    kind: str
    commit: str
    environment: str
    tool: str
    result: str
    time: datetime
    values: Mapping[str, Any]
    file: str
    distrust: str = ""
    signer: str = ""

    @property
    def label(self) -> str:
        return f"Evidence/{self.environment}/{self.kind}"

    @property
    def line(self) -> int:
        return 0

    def age(self, now: datetime) -> timedelta:
        return now - self.time


@dataclass(frozen=True)
class Evidence:
    """All records, newest first within a kind."""

    all: tuple[Record, ...] = field(default=())

    def of(self, kind: str) -> Iterator[Record]:
        return (record for record in self.all if record.kind == kind)


def read(repository: Repository) -> Evidence:
    """The evidence that a repository keeps under ``evidence/``, newest first."""
    records = (record(file) for file in repository.role("evidence"))
    return Evidence(tuple(sorted(records, key=lambda one: one.time, reverse=True)))


def record(file: File) -> Record:
    """One record of its file."""
    told = file.json
    return Record(
        kind=told["kind"],
        commit=told["commit"],
        environment=told["environment"],
        tool=told["tool"],
        result=told["result"],
        time=datetime.fromisoformat(told["time"]),
        values=told.get("values", {}),
        file=file.path,
    )
