"""Where a version comes from: every fact that its bundle and its record state, held against the place it came from."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from service import approval, bundle
from service.approval import Approval
from service.bundle import Bundle
from service.errors import ServiceError
from training import params, source, table
from training.errors import RegistryError, TrainingError
from training.layout import Layout
from training.registry import Registry, Version
from training.settings import Settings

State = Literal["verified", "unverified", "wrong"]


@dataclass(frozen=True)
class Fact:
    """One statement about a version.

    Attributes:
        name: what it is about.
        value: what is stated.
        state: whether it was verified, could not be, or is wrong.
        how: what it was compared with.
    """

    name: str
    value: str
    state: State
    how: str


def choose(registry: Registry, number: str | None) -> Version:
    """The version of this number, else the champion, else the newest.

    Raises:
        RegistryError: there is none.
    """
    if number:
        return registry.version(number)
    found = registry.champion() or next(iter(registry.versions()), None)
    if found is None:
        raise RegistryError(f"{registry.model} has no version yet", "python -m training register")
    return found


def trace(registry: Registry, version: Version, settings: Settings, layout: Layout) -> list[Fact]:
    """Collect and verify the lineage of one version; the first wrong digest makes all that rests on it unverified."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = bundle.read(registry.download(version, Path(folder)))
        except ServiceError as error:
            return [Fact("bundle", version.digest, "wrong", error.detail)]
    facts = [_digest(version, found), _commit(version, found, layout.root), _data(found, layout)]
    facts += [_requirements(found, layout.root), *_run(registry, version, found), _approval(version, found, settings)]
    return facts


def _digest(version: Version, found: Bundle) -> Fact:
    same = version.digest == found.digest
    return Fact("bundle", found.digest, "verified" if same else "wrong", "every file against the registry's record")


def _commit(version: Version, found: Bundle, root: Path) -> Fact:
    commit = str(found.lineage["commit"])
    if commit != version.commit:
        return Fact("commit", commit, "wrong", f"the registry's record says {version.commit or 'none'}")
    if not commit:
        return Fact("commit", "none", "unverified", "trained outside a git repository")
    if found.lineage["dirty"]:
        return Fact("commit", commit, "unverified", "trained with changes that were not committed")
    known = source.has_commit(root, commit)
    return Fact("commit", commit, "verified" if known else "unverified", "this repository's history")


def _data(found: Bundle, layout: Layout) -> Fact:
    stated = found.lineage["data"]
    value = f"{stated['digest']} ({stated['source']}, {stated['rows']} rows)"
    try:
        now = table.read(params.load(layout.params).data, layout.root)
    except TrainingError as error:
        return Fact("data", value, "unverified", error.problem)
    if now.source != stated["source"]:
        return Fact("data", value, "unverified", f"params.yaml now names {now.source}")
    same = now.digest == stated["digest"]
    return Fact("data", value, "verified" if same else "unverified", "the table as it is now")


def _requirements(found: Bundle, root: Path) -> Fact:
    stated = str(found.lineage["requirements"])
    same = stated == source.requirements_digest(root)
    return Fact("requirements", stated, "verified" if same else "unverified", "requirements/training.txt as it is now")


def _run(registry: Registry, version: Version, found: Bundle) -> Iterator[Fact]:
    run = registry.run(version.run_id)
    if run is None:
        yield Fact("run", version.run_id, "wrong", "the tracking server has no such run")
        return
    same = run.data.tags.get("bundle_digest") == found.digest
    yield Fact("run", version.run_id, "verified" if same else "wrong", "the tracking server's record of the run")
    stated: dict[str, Any] = found.lineage["metrics"]["model"]
    equal = all(run.data.metrics.get(name) == value for name, value in stated.items())
    shown = ", ".join(f"{name} {value:.4g}" for name, value in stated.items())
    yield Fact("metrics", shown, "verified" if equal else "wrong", "the metrics of that run")


def _approval(version: Version, found: Bundle, settings: Settings) -> Fact:
    if version.withdrawn:
        record = json.loads(version.withdrawn)
        return Fact("approver", "withdrawn", "wrong", f"{record['at']} by {record['by']}: {record['reason']}")
    if not version.approval:
        return Fact("approver", "nobody yet", "unverified", "python -m training approve")
    try:
        signed = Approval.from_json(version.approval)
        approvers = approval.load_approvers(settings.approvers)
        told = approval.verify(signed, found, approvers, allow_self=settings.local)
    except ServiceError as error:
        return Fact("approver", "refused", "wrong", error.detail)
    return Fact("approver", f"{told.approver}, {told.approved_at}: {told.note}", "verified", "signature and approvers")
