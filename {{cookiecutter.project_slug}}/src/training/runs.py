"""Trainings as the tracking server knows them: log one, register its bundle, list them for a comparison."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mlflow.entities import Run

from service import bundle
from service.bundle import MANIFEST, canonical, sha256
from service.errors import ServiceError
from training import evaluate
from training.comparison import Record
from training.errors import GateError, RegistryError
from training.layout import Layout, read_bytes
from training.registry import Registry, Version
from training.storage import write_file

TAGS = ("bundle_digest", "commit", "trained_by", "trained_at")


def digest(layout: Layout) -> str:
    """Digest of the bundle that the last evaluation packed."""
    return sha256(read_bytes(layout.bundle / MANIFEST, "evaluate"))


def log(registry: Registry, layout: Layout, user: str) -> str:
    """Record the evaluated training as a run: parameters, metrics, plots, digests. Returns the run's id."""
    facts = evaluate.lineage(layout)
    measured = facts["metrics"]
    metrics = dict(measured["model"])
    metrics |= {f"baseline_{name}": value for name, value in measured["baseline"].items()}
    for part, values in measured["slices"].items():
        metrics |= {f"slice_{_plain(part)}_{name}": value for name, value in values.items()}
    tags = {
        "bundle_digest": digest(layout),
        "commit": facts["commit"],
        "dirty": str(facts["dirty"]).lower(),
        "data_digest": facts["data"]["digest"],
        "requirements_digest": facts["requirements"],
        "trained_by": user,
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "mlflow.source.git.commit": facts["commit"],
        "mlflow.user": user,
    }
    return registry.log_run(_params(facts), metrics, tags, evaluate.plot_folder(layout))


def register(registry: Registry, layout: Layout, user: str, *, local: bool) -> tuple[Version, bool]:
    """Make the evaluated bundle a candidate version, unless the registry has it already.

    Returns:
        The version, and whether it is new.

    Raises:
        GateError: it was trained from uncommitted code, which only local mode takes.
        RegistryError: the bundle on disk is not sound, or the registry fails.
    """
    try:
        found = bundle.read(layout.bundle)
    except ServiceError as error:
        raise RegistryError(error.detail, "python -m training evaluate") from error
    if not local and (not found.lineage["commit"] or found.lineage["dirty"]):
        raise GateError(
            "the model was trained from code that is in no commit, so nobody could train it again",
            "commit your changes and train again, or set TRAINING_ENVIRONMENT=local to try things out",
        )
    known = next((v for v in registry.versions() if v.digest == found.digest), None)
    version = known or _register(registry, layout, found.digest, user)
    record = {"model": registry.model, "version": version.version, "digest": version.digest}
    write_file(layout.registered, canonical(record))
    return version, known is None


def records(registry: Registry, run_ids: Sequence[str], limit: int) -> list[Record]:
    """The runs to compare, the champion's first.

    Raises:
        RegistryError: there is no such run.
    """
    versions = registry.versions()
    champion = next((v for v in versions if v.champion), None)
    wanted = [_known(registry, run_id) for run_id in run_ids] or registry.runs(limit)
    first = [] if champion is None else [_known(registry, champion.run_id)]
    runs = first + [run for run in wanted if champion is None or run.info.run_id != champion.run_id]
    if not runs:
        raise RegistryError(f"{registry.model} has no runs yet", "make train")
    names = {v.run_id: f"version {v.version}{' (champion)' if v.champion else ''}" for v in reversed(versions)}
    return [_record(run, names.get(run.info.run_id, str(run.info.run_id)[:8])) for run in runs]


def _register(registry: Registry, layout: Layout, wanted: str, user: str) -> Version:
    """Register under the run of this very bundle; log one where the server has none (it may be another server)."""
    run = next((r for r in registry.runs(50) if r.data.tags.get("bundle_digest") == wanted), None)
    if run is None:
        run = _known(registry, log(registry, layout, user))
    tags = {name: run.data.tags.get(name, "") for name in TAGS}
    return registry.register(run.info.run_id, layout.bundle, wanted, tags)


def _known(registry: Registry, run_id: str) -> Run:
    run = registry.run(run_id)
    if run is None:
        raise RegistryError(f"there is no run {run_id}", "python -m training compare lists the newest")
    return run


def _record(run: Run, name: str) -> Record:
    return Record(name=name, params=dict(run.data.params), metrics=dict(run.data.metrics), tags=dict(run.data.tags))


def _params(facts: dict[str, Any]) -> dict[str, str]:
    params = {
        "estimator": facts["estimator"]["name"],
        "baseline": facts["baseline"]["name"],
        "seed": str(facts["seed"]),
    }
    params |= {name: json.dumps(value) for name, value in facts["estimator"]["parameters"].items()}
    params |= {f"baseline_{name}": json.dumps(value) for name, value in facts["baseline"]["parameters"].items()}
    return params | {"data": facts["data"]["source"], "split": facts["data"]["split"]}


def _plain(name: str) -> str:
    """A slice's name as MLflow takes it in a metric's."""
    return "".join(c if c.isalnum() or c in "_-. /" else "_" for c in name)
