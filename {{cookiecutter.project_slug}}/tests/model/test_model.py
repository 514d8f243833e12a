"""The model that this project trains: good enough, indifferent to what must not matter, the same each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.bundle import Golden
from service.errors import BundleError
from service.session import Session
from trained import Trained, train
from training import evaluate, gates, prepare


def test_the_golden_rows_are_answered_as_in_training(trained: Trained) -> None:
    trained.session.check(trained.bundle.golden)


def test_a_model_that_answers_otherwise_is_noticed(trained: Trained) -> None:
    golden = trained.bundle.golden
    expected = [row[:] for row in golden.expected]
    expected[0][0] += 10 * golden.tolerance
    with pytest.raises(BundleError, match="golden row 0"):
        trained.session.check(Golden(golden.rows, expected, golden.tolerance))


def test_the_metrics_pass_the_gates(trained: Trained) -> None:
    wanted, measured, task = trained.params.gates, evaluate.read(trained.layout), trained.bundle.signature.task
    results = gates.floors(wanted.metrics, measured["model"], task)
    results.append(gates.baseline(wanted.baseline, measured["model"], measured["baseline"], task))
    if wanted.slices is not None:
        results += gates.slices(wanted.slices, measured["slices"], task)
    gates.enforce(results)


def test_the_order_and_company_of_rows_do_not_matter(trained: Trained) -> None:
    blocks = trained.prepared.test.blocks
    answers = trained.session.run(blocks)
    order = np.random.default_rng(1).permutation(len(answers))
    shuffled = trained.session.run({name: block[order] for name, block in blocks.items()})
    alone = trained.session.run({name: block[:1] for name, block in blocks.items()})
    scale = float(np.abs(answers).max())
    np.testing.assert_allclose(shuffled, answers[order], atol=1e-6 * scale)
    np.testing.assert_allclose(alone[0], answers[0], atol=1e-6 * scale)


def test_probabilities_are_probabilities(trained: Trained) -> None:
    answers = trained.session.run(trained.prepared.test.blocks)
    assert np.isfinite(answers).all()
    if trained.bundle.signature.classes:
        assert ((answers >= 0) & (answers <= 1)).all()
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_no_feature_is_the_target_in_disguise(trained: Trained) -> None:
    """One column that predicts the target perfectly is a leak more often than a finding."""
    part = trained.prepared.train
    if not trained.bundle.signature.classes:
        numbers = part.blocks.get("numeric", np.empty((part.rows, 0)))
        for column, feature in enumerate(trained.bundle.signature.numeric):
            values = numbers[:, column]
            known = ~np.isnan(values)
            if known.sum() > 2 and values[known].std() > 0:
                correlation = abs(np.corrcoef(values[known], part.target[known])[0, 1])
                assert correlation < 0.999, f"{feature.name} and the target are one"
    rows = prepare.rows(part.frame, trained.bundle.signature)
    assert trained.bundle.signature.target not in rows[0]


def test_training_again_gives_the_same_bundle(trained: Trained, tmp_path: Path) -> None:
    again = train(tmp_path)
    assert again.bundle.digest == trained.bundle.digest


def test_the_profile_covers_every_feature(trained: Trained) -> None:
    profiled = trained.bundle.profile["features"]
    assert set(profiled) == {feature.name for feature in trained.bundle.signature.features}


def test_a_signature_of_another_model_is_noticed(trained: Trained) -> None:
    signature = trained.bundle.signature
    with pytest.raises(BundleError, match="the signature says"):
        Session(trained.bundle.model, replace(signature, features=signature.features[1:]))
