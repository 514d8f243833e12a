"""Evidence: what drills, load tests, restores and scans wrote down, and whether it can be trusted.

Records form a chain: each names the digest of the one before. So a record that was changed, taken out or brought from
another repository is found out; a signature says in addition who stands for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from readiness.facts.commits import is_here
from readiness.facts.record import Record, RecordError, check, digest, moment
from readiness.facts.repository import File, Repository
from readiness.facts.signatures import SignatureProblem, verify
from readiness.facts.unread import Unread, UnreadError

__all__ = ["Evidence", "Record", "read"]
SKEW = timedelta(minutes=5)  # clocks differ


@dataclass(frozen=True)
class Evidence:
    """All records, newest first, and the files that are none."""

    all: tuple[Record, ...] = ()
    unread: tuple[Unread, ...] = field(default=())
    last_digest: str = ""

    def of(self, kind: str) -> Iterator[Record]:
        return (record for record in self.all if record.kind == kind)


def read(repository: Repository, now: datetime | None = None) -> Evidence:
    """The evidence that a repository keeps under ``evidence/``."""
    now = now or datetime.now(UTC)
    contents: list[tuple[File, dict[str, Any]]] = []
    unread: list[Unread] = []
    for file in repository.role("evidence"):
        try:
            contents.append((file, check(file.json)))
        except RecordError as error:
            unread.append(Unread(file.path, 0, f"it is no evidence: {error}", "write it with readiness evidence add"))
        except UnreadError as error:
            unread.append(error.unread)
    contents.sort(key=lambda one: (moment(one[1]["time"]), one[0].path))
    people, previous, records = signers(repository), "", []
    for file, told in contents:
        records.append(record(file, told, doubt(repository, told, previous, now), people))
        previous = told["digest"]
    return Evidence(tuple(reversed(records)), tuple(unread), previous)


def doubt(repository: Repository, told: Mapping[str, Any], previous: str, now: datetime) -> str:
    """Why a record does not count; empty when it does."""
    if digest(told) != told["digest"]:
        return "it was changed after it was written"
    if told["previous"] != previous:
        return "the record before it was changed or taken out, or it comes from another repository"
    if repository.root and is_here(repository.root, told["commit"]) is False:
        return f"its commit {told['commit'][:12]} is none of this repository"
    time = moment(told["time"])
    if time is None or time > now + SKEW:
        return "its time is in the future"
    return ""


def record(file: File, told: Mapping[str, Any], distrust: str, people: Mapping[str, str]) -> Record:
    signer = ""
    if told.get("signature") and not distrust:
        try:
            signer = verify(told, people)
        except SignatureProblem as problem:
            distrust = str(problem)
    time = moment(told["time"]) or datetime.max.replace(tzinfo=UTC)
    texts = {name: told[name] for name in ("kind", "commit", "environment", "tool", "result")}
    return Record(**texts, time=time, values=told["values"], file=file.path, distrust=distrust, signer=signer)


def signers(repository: Repository) -> dict[str, str]:
    """Who may sign, each with a public key in base64, by ``approvers.toml`` and ``evidence/signers.toml``."""
    found: dict[str, str] = {}
    for file in repository.role("signers"):
        try:
            told = tomllib.loads(file.text)
        except (UnreadError, tomllib.TOMLDecodeError):
            continue  # then nobody in it can sign: what they signed does not count, and says so
        for section in ("approvers", "signers"):
            named = told.get(section)
            found |= (
                {name: key for name, key in named.items() if isinstance(key, str)} if isinstance(named, dict) else {}
            )
    return found
