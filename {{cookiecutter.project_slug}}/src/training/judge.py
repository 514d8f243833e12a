"""The step before registration: every gate of params.yaml, held against the evaluated model and the champion."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service import bundle
from service.bundle import Bundle
from service.errors import ServiceError
from service.session import Session
from service.signature import Signature
from training import evaluate, features, fit, gates, params, prepare
from training.errors import RegistryError
from training.gate_params import ChampionGate
from training.gates import Result
from training.layout import Layout
from training.prepare import Prepared
from training.registry import Registry, Version


def judge(registry: Registry, layout: Layout) -> list[Result]:
    """Judge the evaluated model.

    Raises:
        TrainingError: an earlier step has not run, or the registry does not answer.
    """
    wanted, ready = params.load(layout.params), prepare.read(layout)
    session = fit.read(layout, ready.signature).session
    measured = evaluate.read(layout)
    task = ready.signature.task
    results = gates.floors(wanted.gates.metrics, measured["model"], task)
    results.append(gates.baseline(wanted.gates.baseline, measured["model"], measured["baseline"], task))
    if wanted.gates.champion is not None:
        results.append(_champion(wanted.gates.champion, registry, ready, session, wanted.split.seed))
    if wanted.gates.slices is not None:
        results += gates.slices(wanted.gates.slices, measured["slices"], task)
    row = {name: block[:1] for name, block in ready.test.blocks.items()}
    results.append(gates.latency(wanted.gates.latency_ms, lambda: session.run(row)))
    results.append(gates.size(wanted.gates.size_mb, session.model))
    return results


def _champion(gate: ChampionGate, registry: Registry, ready: Prepared, session: Session, seed: int) -> Result:
    """The champion is asked about the same test rows, unless it answers another question."""
    signature = ready.signature
    current: NDArray[np.float64] | None = None
    champion = registry.champion()
    if champion is not None:
        found = _fetch(registry, champion)
        theirs = found.signature
        required = f"{gate.metric} worse by at most {gate.margin:g}, with {gate.confidence:.0%} confidence"
        if (theirs.task, theirs.target, theirs.classes) != (signature.task, signature.target, signature.classes):
            detail = f"version {champion.version} predicts {theirs.target!r} ({theirs.task}): nothing to compare"
            return Result("champion", True, math.nan, required, detail)
        lacking = _lacking(theirs, signature)
        if lacking:
            detail = f"version {champion.version} needs columns that the table no longer has: {', '.join(lacking)}"
            return Result("champion", False, math.nan, required, detail)
        current = _answers(Session(found.model, theirs), ready)
    truth = evaluate.labels(ready.test.target, signature)
    return gates.champion(gate, signature.task, signature.classes, truth, _answers(session, ready), current, seed)


def _fetch(registry: Registry, version: Version) -> Bundle:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return bundle.read(registry.download(version, Path(folder)))
        except ServiceError as error:
            raise RegistryError(
                f"the champion, version {version.version}, is not sound: {error.detail}",
                "roll back to an earlier version (python -m training rollback), or set gates.champion: null in review",
            ) from error


def _lacking(theirs: Signature, ours: Signature) -> list[str]:
    present = {(feature.name, feature.type) for feature in ours.features}
    return [feature.name for feature in theirs.features if (feature.name, feature.type) not in present]


def _answers(session: Session, ready: Prepared) -> NDArray[np.float64]:
    return session.run(features.blocks(ready.test.frame, session.signature)).astype(np.float64)
