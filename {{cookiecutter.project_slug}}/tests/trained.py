"""Trains the model of this project as `make train` does, in a folder of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from service import bundle
from service.bundle import Bundle
from service.session import Session
from training import evaluate, fit, params, prepare
from training.layout import Layout
from training.params import Params
from training.prepare import Prepared

ROOT = Path(__file__).parents[1]
INPUTS = ("params.yaml", "schema.yaml", "data", "requirements")


@dataclass(frozen=True)
class Trained:
    """What a training left behind."""

    layout: Layout
    params: Params
    prepared: Prepared
    bundle: Bundle
    session: Session


def train(folder: Path) -> Trained:
    """Train in ``folder`` from this project's own settings and data."""
    for name in INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    layout = Layout(folder)
    prepare.prepare(layout)
    fit.fit(layout)
    evaluate.evaluate(layout)
    found = bundle.read(layout.bundle)
    session = Session(found.model, found.signature)
    return Trained(layout, params.load(layout.params), prepare.read(layout), found, session)
