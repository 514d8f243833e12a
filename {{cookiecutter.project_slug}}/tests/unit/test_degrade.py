"""What stands in for a model that cannot answer: only what was declared, marked, counted."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sample import release
from service.cache import Cache
from service.call import Call
from service.degrade import Degrade, Policy, _decoded_for
from service.errors import InvalidInput, ModelFailed, Overloaded, ServiceError, SettingsError
from service.metrics import Metrics
from service.serving import Served, Slot
from service.signature import Decoded, Feature

ERROR = ModelFailed("it failed")


def slot(folder: Path, version: str = "3") -> Slot:
    made = release(folder, key=Ed25519PrivateKey.generate(), version=version)
    found = Slot(made.folder, made.approvers, allow_self=False)
    found.refresh()
    return found


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return slot(tmp_path / "first" / "current").get()


def ask(subject: Degrade, served: Served, call: Call, error: ServiceError = ERROR, key: bytes = b"key") -> np.ndarray:
    decoded = served.bundle.signature.decode(served.bundle.golden.rows)
    return asyncio.run(_ask(subject, error, call, served, decoded, key))


async def _ask(subject: Degrade, *arguments: object) -> np.ndarray:
    return await subject.instead(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", ["refuse", "cached", "fallback"])
def test_without_anything_to_answer_the_error_stands(served: Served, policy: Policy) -> None:
    metrics, call = Metrics(), Call()
    with pytest.raises(Overloaded, match="too much"):
        ask(Degrade(policy, Cache(1000, 1, metrics), None, (), metrics), served, call, Overloaded("too much"))
    assert call.degraded == ""
    assert metrics.registry.get_sample_value("degraded_answers_total", {"how": policy}) is None


def test_an_old_answer_is_repeated(served: Served) -> None:
    now = [0.0]
    metrics, call = Metrics(), Call()
    cache = Cache(1000, 1, metrics, lambda: now[0])
    cache.put(b"key", np.full((2, 2), 0.5, np.float32))
    now[0] = 1000.0
    outputs = ask(Degrade("cached", cache, None, (), metrics), served, call)
    assert outputs.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert call.degraded == "cached"
    assert metrics.registry.get_sample_value("degraded_answers_total", {"how": "cached"}) == 1


def test_the_default_answers_every_row(served: Served) -> None:
    metrics, call = Metrics(), Call()
    outputs = ask(Degrade("default", Cache(0, 1, metrics), None, (0.75, 0.25), metrics), served, call)
    assert outputs.tolist() == [[0.75, 0.25], [0.75, 0.25]]
    assert call.degraded == "default"


def test_a_simpler_model_answers(served: Served, tmp_path: Path) -> None:
    metrics, call = Metrics(), Call(deadline=0.0)
    fallback = slot(tmp_path / "second" / "current", version="1")
    outputs = ask(Degrade("fallback", Cache(0, 1, metrics), fallback, (), metrics), served, call)
    assert outputs.tolist() == pytest.approx(np.array(served.bundle.golden.expected), abs=1e-6)
    assert call.degraded == "fallback"
    assert (call.version, call.digest) == ("1", fallback.get().bundle.digest), "the record says who answered"


def test_a_model_of_another_signature_does_not_stand_in(served: Served, tmp_path: Path) -> None:
    fallback = slot(tmp_path / "second" / "current")
    signature = fallback.get().bundle.signature
    other = replace(signature, classes=tuple(reversed(signature.classes)))
    bundle = replace(served.bundle, signature=other)
    with pytest.raises(ModelFailed):
        ask(
            Degrade("fallback", Cache(0, 1, Metrics()), fallback, (), Metrics()),
            replace(served, bundle=bundle),
            Call(),
        )


@pytest.mark.parametrize(
    ("field", "value", "rule", "found"),
    [
        ("a", None, {"on_missing": "reject"}, False),
        ("a", None, {"on_missing": "impute"}, True),
        ("a", 1e9, {"on_range": "reject", "maximum": 2.0, "minimum": 0.0}, False),
        ("a", 1.0, {"on_range": "reject", "maximum": 2.0, "minimum": 0.0}, True),
        ("b", None, {"on_missing": "reject"}, False),
        ("b", True, {"on_missing": "reject"}, True),
        ("c", "new", {"on_unseen": "reject"}, False),
        ("c", "new", {"on_unseen": "flag"}, True),
        ("c", "old", {"on_unseen": "reject"}, True),
        ("c", None, {"on_missing": "reject"}, False),
    ],
)
def test_a_simpler_model_is_asked_only_what_it_takes(
    served: Served, tmp_path: Path, field: str, value: object, rule: dict[str, Any], found: bool
) -> None:
    """Of what it was never given to learn from, its answer would mean nothing."""
    lenient = (
        Feature("a", "number", on_missing="impute"),
        Feature("b", "boolean", on_missing="impute"),
        Feature("c", "text", categories=("old",), on_missing="impute", on_unseen="flag"),
        Feature("d", "number", maximum=5.0),
    )
    strict = tuple(replace(feature, **rule) if feature.name == field else feature for feature in lenient[:3])
    model = having(served, lenient)
    simpler = having(slot(tmp_path / "second" / "current").get(), (*strict, Feature("d", "number", maximum=6.0)))
    decoded = model.bundle.signature.decode([{"a": 1.0, "b": False, "c": "old", "d": 0.5, field: value}])

    async def go() -> Decoded:
        return await _decoded_for(simpler, model, decoded)

    if not found:
        with pytest.raises(InvalidInput):
            asyncio.run(go())
        return
    again = asyncio.run(go())
    assert again.canonical() == decoded.canonical()


def having(it: Served, features: tuple[Feature, ...]) -> Served:
    return replace(it, bundle=replace(it.bundle, signature=replace(it.bundle.signature, features=features)))


def test_a_simpler_model_is_not_waited_for_without_end(served: Served, tmp_path: Path) -> None:
    call = Call()
    fallback = slot(tmp_path / "second" / "current")
    subject = Degrade("fallback", Cache(0, 1, Metrics()), fallback, (), Metrics(), seconds=0.0)
    with pytest.raises(ModelFailed, match="it failed"):
        ask(subject, served, call)
    assert call.degraded == ""


@pytest.mark.parametrize("numbers", [(math.nan, 0.7), (5.0, -3.0), (0.5, 0.4), (1.5, -0.5)])
def test_a_default_that_is_no_probability_is_found_out_at_once(served: Served, numbers: tuple[float, ...]) -> None:
    subject = Degrade("default", Cache(0, 1, Metrics()), None, numbers, Metrics())
    with pytest.raises(SettingsError, match="SERVICE_DEFAULT_ANSWER: 'sample' gives probabilities"):
        subject.check(served)
    with pytest.raises(ModelFailed):
        ask(subject, served, Call())


def test_a_default_that_is_a_probability_will_do(served: Served) -> None:
    for numbers in ((0.3333, 0.6667), (0.0, 1.0)):
        Degrade("default", Cache(0, 1, Metrics()), None, numbers, Metrics()).check(served)


def test_a_default_of_another_width_is_found_out_at_once(served: Served) -> None:
    with pytest.raises(SettingsError, match="SERVICE_DEFAULT_ANSWER: 1 numbers, but 'sample' gives 2"):
        Degrade("default", Cache(0, 1, Metrics()), None, (0.5,), Metrics()).check(served)


def test_a_default_that_does_not_fit_a_later_model_is_not_given(served: Served) -> None:
    with pytest.raises(ModelFailed):
        ask(Degrade("default", Cache(0, 1, Metrics()), None, (0.5,), Metrics()), served, Call())
