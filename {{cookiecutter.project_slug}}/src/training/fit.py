"""The step ``train``: fit the model and the simple one it must beat, and turn both into ONNX."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import learning_curve
from sklearn.pipeline import Pipeline

from service.bundle import GOLDEN, MODEL, PROFILE, SIGNATURE, Golden, canonical
from service.errors import InvalidInput
from service.session import Session
from service.signature import Signature
from training import convert, estimators, params, prepare, profile, split
from training.errors import DataError
from training.layout import Layout, read_bytes, read_json
from training.params import Estimator, Params
from training.prepare import Prepared
from training.storage import write_folder

BASELINE = "baseline.onnx"
FACTS = "training.json"
GOLDEN_ROWS = 16
CURVE_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Fitted:
    """What the step leaves for the next ones."""

    session: Session
    baseline: Session
    files: dict[str, bytes]
    facts: dict[str, Any]


def fit(layout: Layout) -> dict[str, Any]:
    """Run the step; returns the facts it writes beside the models.

    Raises:
        TrainingError: the estimator cannot be made, fitted or converted faithfully.
    """
    wanted = params.load(layout.params)
    ready = prepare.read(layout)
    spread = float(ready.train.target.std()) if ready.signature.task == "regression" else 1.0
    model, session, parity = _train(wanted.estimator, wanted, ready, spread)
    _, baseline, _ = _train(wanted.baseline, wanted, ready, spread)
    facts = {"parity": float(f"{parity:.2g}"), "spread": spread, "curve": _curve(wanted, ready)}
    golden = _golden(model, ready, convert.TOLERANCE * spread)
    # of its answers, those to rows it has not seen: it is surer of the others, which would look like drift
    reference = profile.profile(ready.signature, ready.train.blocks, session.run(ready.test.blocks))
    write_folder(
        layout.model,
        {
            MODEL: session.model,
            BASELINE: baseline.model,
            SIGNATURE: canonical(ready.signature.to_dict()),
            GOLDEN: canonical(golden.__dict__),
            PROFILE: canonical(reference),
            FACTS: canonical(facts),
        },
    )
    return facts


def read(layout: Layout, signature: Signature) -> Fitted:
    """Read what the step wrote.

    Raises:
        DataError: it has not run yet, or for other data.
    """
    files = {name: read_bytes(layout.model / name, "train") for name in (MODEL, BASELINE, SIGNATURE, GOLDEN, PROFILE)}
    if json.loads(files[SIGNATURE]) != json.loads(canonical(signature.to_dict())):
        raise DataError(
            f"{layout.model}: the model was trained on other data than is prepared", "python -m training train"
        )
    return Fitted(
        Session(files[MODEL], signature),
        Session(files.pop(BASELINE), signature),
        files,
        read_json(layout.model / FACTS, "train"),
    )


def _train(choice: Estimator, wanted: Params, ready: Prepared, spread: float) -> tuple[Pipeline, Session, float]:
    pipeline = estimators.pipeline(choice.name, choice.parameters, ready.signature, wanted.split.seed)
    estimators.fit(pipeline, choice.name, prepare.design(ready.train.blocks, ready.signature), ready.train.target)
    session = Session(convert.to_onnx(pipeline, ready.signature), ready.signature)
    test = prepare.design(ready.test.blocks, ready.signature)
    parity = convert.check_parity(pipeline, session, test, ready.test.blocks, spread)
    return pipeline, session, parity


def _golden(model: Pipeline, ready: Prepared, tolerance: float) -> Golden:
    """Test rows evenly spread over the model's own answers, with those answers."""
    expected = convert.answers(model, prepare.design(ready.test.blocks, ready.signature), ready.signature)
    order = np.argsort(expected[:, -1], kind="stable")
    spread = np.unique(order[np.linspace(0, len(order) - 1, min(GOLDEN_ROWS, len(order))).astype(int)])
    rows = prepare.rows(ready.test.frame.iloc[spread], ready.signature)
    chosen = {int(number): row for number, row in zip(spread, rows, strict=True) if _answerable(row, ready.signature)}
    return Golden(list(chosen.values()), expected[list(chosen)].tolist(), tolerance)


def _answerable(row: dict[str, Any], signature: Signature) -> bool:
    """Whether the service would answer this row: a table may hold more gaps than the signature lets through."""
    try:
        signature.decode([row])
    except InvalidInput:
        return False
    return True


def _curve(wanted: Params, ready: Prepared) -> dict[str, list[Any]]:
    """Cross-validated score of the model by number of training rows."""
    pipeline = estimators.pipeline(
        wanted.estimator.name, wanted.estimator.parameters, ready.signature, wanted.split.seed
    )
    sizes, _, scores = learning_curve(
        pipeline,
        prepare.design(ready.train.blocks, ready.signature),
        ready.train.target,
        cv=split.folds(ready.train.frame, wanted, ready.signature.task),
        train_sizes=CURVE_SHARES,
        scoring="r2" if ready.signature.task == "regression" else "accuracy",
        shuffle=not wanted.data.time,
        random_state=wanted.split.seed,
        error_score=np.nan,
    )
    values: NDArray[np.float64] = np.asarray(scores)
    return {
        "rows": sizes.tolist(),
        "scores": [[None if v != v else round(v, 6) for v in fold] for fold in values.tolist()],
    }
