"""The step ``evaluate``: measure the model on the test rows, plot it, and pack the bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from service import bundle
from service.bundle import CARD, LINEAGE, MANIFEST, canonical
from service.session import Session
from service.signature import Signature
from training import card, fit, gates, metrics, params, plots, prepare, source
from training.fit import Fitted
from training.layout import Layout, read_json
from training.params import Params
from training.prepare import Part, Prepared
from training.storage import write_folder

METRICS = "metrics.json"
PLOTS = "plots"


def evaluate(layout: Layout) -> dict[str, Any]:
    """Run the step; returns metrics of model, baseline and slices.

    Raises:
        TrainingError: an earlier step has not run, or a slice names no column.
    """
    wanted = params.load(layout.params)
    ready = prepare.read(layout)
    fitted = fit.read(layout, ready.signature)
    measured = {
        "model": _measure(fitted.session, ready.test),
        "baseline": _measure(fitted.baseline, ready.test),
        "slices": _slices(wanted, fitted.session, ready.test),
    }
    write_folder(layout.bundle, _bundle(layout, wanted, ready, fitted, measured))
    pictures = plots.render(_figures(wanted, ready, fitted))
    write_folder(
        layout.evaluation,
        {METRICS: canonical(measured), **{f"{PLOTS}/{name}": data for name, data in pictures.items()}},
    )
    return measured


def read(layout: Layout) -> dict[str, Any]:
    """The metrics that the step wrote.

    Raises:
        DataError: it has not run yet.
    """
    return read_json(layout.evaluation / METRICS, "evaluate")


def labels(target: NDArray[Any], signature: Signature) -> NDArray[Any]:
    """The target as metrics take it: labels for classification, values for regression."""
    if signature.task == "regression":
        return target
    named: NDArray[Any] = np.array(signature.classes, dtype=object)[target]
    return named


def _measure(session: Session, part: Part, rows: NDArray[np.bool_] | None = None) -> dict[str, float]:
    signature = session.signature
    outputs, truth = session.run(part.blocks).astype(np.float64), labels(part.target, signature)
    if signature.task == "regression":
        outputs = outputs[:, 0]
    if rows is not None:
        outputs, truth = outputs[rows], truth[rows]
    found = metrics.measure(signature.task, signature.classes, truth, outputs)
    return {name: round(float(value), 6) for name, value in found.items() if value == value}


def _slices(wanted: Params, session: Session, part: Part) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for wanted_slice in wanted.slices:
        rows = gates.mask(wanted_slice, part.frame)
        measured = _measure(session, part, rows) if rows.any() else {}
        found[wanted_slice.name] = {"rows": int(rows.sum()), **measured}
    return found


def _bundle(
    layout: Layout, wanted: Params, ready: Prepared, fitted: Fitted, measured: dict[str, Any]
) -> dict[str, bytes]:
    code = source.describe(layout.root)
    lineage = {
        "model": wanted.model,
        "commit": code.commit,
        "dirty": code.dirty,
        "data": {name: ready.facts[name] for name in ("source", "digest", "rows", "train", "test", "split")},
        "requirements": source.requirements_digest(layout.root),
        "estimator": wanted.estimator.model_dump(mode="json"),
        "baseline": wanted.baseline.model_dump(mode="json"),
        "seed": wanted.split.seed,
        "slices": [part.model_dump(mode="json", exclude_none=True) for part in wanted.slices],
        "parity": fitted.facts["parity"],
        "metrics": measured,
    }
    contents = {
        **fitted.files,
        LINEAGE: canonical(lineage),
        CARD: card.card(ready.signature, lineage, wanted.gates.model_dump(mode="json")).encode(),
    }
    return {**contents, MANIFEST: bundle.manifest(contents)}


def _figures(wanted: Params, ready: Prepared, fitted: Fitted) -> dict[str, Figure]:
    signature, test = ready.signature, ready.test
    outputs, truth = fitted.session.run(test.blocks).astype(np.float64), labels(test.target, signature)
    curve = fitted.facts["curve"]
    figures = {
        "permutation_importance": plots.permutation_importance(
            fitted.session.run, test.blocks, truth, signature, seed=wanted.split.seed
        ),
        "learning_curve": plots.learning_curve(
            np.array(curve["rows"]),
            np.array([[np.nan if v is None else v for v in fold] for fold in curve["scores"]]),
            "R²" if signature.task == "regression" else "accuracy",
        ),
    }
    if signature.task == "regression":
        values = outputs[:, 0]
        return {
            **figures,
            "residuals": plots.residuals(truth, values, signature.target),
            "predicted_vs_actual": plots.predicted_vs_actual(truth, values, signature.target),
        }
    return {
        **figures,
        "roc": plots.roc(signature.classes, truth, outputs),
        "calibration": plots.calibration(signature.classes, truth, outputs),
        "confusion": plots.confusion(signature.classes, truth, outputs),
    }


def plot_folder(layout: Layout) -> Path:
    """Where the step left the plots."""
    return layout.evaluation / PLOTS


def lineage(layout: Layout) -> dict[str, Any]:
    """The lineage inside the bundle that the step wrote."""
    found: dict[str, Any] = json.loads((layout.bundle / LINEAGE).read_bytes())
    return found
