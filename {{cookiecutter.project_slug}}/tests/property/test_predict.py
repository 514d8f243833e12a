"""Whatever is sent, the answer is a prediction or a documented refusal; and a prediction is the model's own."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from running import Service
from sample import SIGNATURES
from service import bundle
from service.session import Session
from service.signature import MAX_FLOAT32, Feature

BOUNDED = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
REFUSALS = {400, 413, 422}
FEATURES = SIGNATURES["binary"].features
NAMES = st.sampled_from([feature.name for feature in FEATURES]) | st.text(max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
ROWS = st.lists(st.dictionaries(NAMES, VALUES, max_size=7), max_size=3)
TENSORS = st.lists(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "shape": st.lists(st.integers(-1, 3), max_size=2),
            "datatype": st.sampled_from(["FP32", "INT8", "BOOL", "BYTES", "COMPLEX"]),
        },
        optional={"data": st.lists(VALUES, max_size=3), "parameters": st.dictionaries(st.text(max_size=3), VALUES)},
    ),
    max_size=3,
)
TABLES = st.fixed_dictionaries({"columns": st.lists(NAMES, max_size=3), "data": st.lists(st.lists(VALUES, max_size=3))})


def sound(feature: Feature) -> st.SearchStrategy[Any]:
    """Any value of a feature that the signature lets through."""
    if feature.type == "boolean":
        values: st.SearchStrategy[Any] = st.booleans()
    elif feature.type == "text":
        values = st.sampled_from(feature.categories) if feature.on_unseen == "reject" else st.text()
    elif feature.on_range == "reject":
        values = st.floats(feature.minimum, feature.maximum)
    else:
        values = st.floats(-MAX_FLOAT32, MAX_FLOAT32) | st.integers(-1000, 1000)
    return values | st.none() if feature.on_missing == "impute" else values


SOUND_ROWS = st.lists(st.fixed_dictionaries({f.name: sound(f) for f in FEATURES}), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def session(service: Service) -> Session:
    found = bundle.read(service.release.folder / "bundle")
    return Session(found.model, found.signature)


@BOUNDED
@given(body=st.binary(max_size=200))
def test_any_bytes_are_refused_politely(service: Service, body: bytes) -> None:
    for route in ("/v1/predict", "/v2/models/sample/infer", "/invocations"):
        assert service.client.post(route, content=body).status_code in REFUSALS


@BOUNDED
@given(body=VALUES | st.fixed_dictionaries({"rows": ROWS | VALUES}))
def test_any_json_is_answered_or_refused_by_predict(service: Service, body: Any) -> None:
    assert service.client.post("/v1/predict", json=body).status_code in {200, *REFUSALS}


@BOUNDED
@given(body=VALUES | st.fixed_dictionaries({"inputs": TENSORS | VALUES}, optional={"outputs": VALUES, "id": VALUES}))
def test_any_json_is_answered_or_refused_by_infer(service: Service, body: Any) -> None:
    assert service.client.post("/v2/models/sample/infer", json=body).status_code in {200, *REFUSALS}


@BOUNDED
@given(
    form=st.sampled_from(["dataframe_split", "dataframe_records", "inputs", "instances", "other"]),
    value=VALUES | TABLES | ROWS | st.lists(st.lists(VALUES)) | st.dictionaries(NAMES, st.lists(VALUES)),
)
def test_any_json_is_answered_or_refused_by_invocations(service: Service, form: str, value: Any) -> None:
    assert service.client.post("/invocations", json={form: value}).status_code in {200, *REFUSALS}


@BOUNDED
@given(rows=SOUND_ROWS)
def test_sound_rows_get_the_models_own_answers(service: Service, session: Session, rows: list[dict[str, Any]]) -> None:
    answer = service.predict(*rows)
    assert answer.status_code == 200, answer.text
    wanted = session.run(session.signature.decode(rows).blocks).tolist()
    got = [list(prediction["probabilities"].values()) for prediction in answer.json()["predictions"]]
    assert all(math.isfinite(value) for row in got for value in row)
    assert got == wanted
