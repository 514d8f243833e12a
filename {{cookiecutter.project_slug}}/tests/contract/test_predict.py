"""``POST /v1/predict`` and the routes that watch it, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from running import Service
from sample import ROWS, contents
from service.http.predict import Desk

ROW = ROWS["binary"][0]


def test_rows_are_answered_with_label_and_probabilities(service: Service) -> None:
    answer = service.predict(*ROWS["binary"])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["model"], body["version"]) == ("sample", "3")
    assert body["digest"] == service.release.statement.bundle_digest
    assert body["request_id"] == answer.headers["x-request-id"]
    golden = json.loads(contents("binary")["golden.json"])["expected"]
    for prediction, expected in zip(body["predictions"], golden, strict=True):
        assert list(prediction["probabilities"]) == ["benign", "malignant"]
        assert list(prediction["probabilities"].values()) == pytest.approx(expected, abs=1e-6)
        assert prediction["label"] == max(prediction["probabilities"], key=prediction["probabilities"].get)


def test_flags_stand_with_the_row_they_are_about(service: Service) -> None:
    odd = {**ROW, "mass": 100, "stage": "IV", "age": None}
    first, second = service.predict(ROW, odd).json()["predictions"]
    assert first["flags"] == []
    assert {(flag["field"], flag["problem"]) for flag in second["flags"]} == {
        ("mass", "out_of_range"),
        ("stage", "unseen_category"),
        ("age", "missing"),
    }


def test_a_regression_is_answered_with_values(regression: Service) -> None:
    golden = json.loads(contents("regression")["golden.json"])["expected"]
    predictions = regression.predict(*ROWS["regression"]).json()["predictions"]
    assert [[p["value"]] for p in predictions] == [pytest.approx(row, rel=1e-6) for row in golden]


def test_three_classes_are_answered(multiclass: Service) -> None:
    first, _ = multiclass.predict(*ROWS["multiclass"]).json()["predictions"]
    assert set(first["probabilities"]) == {"0", "1", "2"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"rows": []}',
        b'{"rows": {}}',
        b'{"rows": [{}], "more": 1}',
        b'{"rows": [{"mass": NaN}]}',
        b'{"rows": [{"mass": 1e}]}',
        b"\xff\xfe",
        b"\x1f\x8b\x08",
        b"[" * 100_000,
    ],
)
def test_what_is_no_request_is_malformed(service: Service, body: bytes) -> None:
    answer = service.client.post("/v1/predict", content=body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("depth", [10, 500, 900, 950, 980, 990, 1000, 5000])
def test_deep_nesting_is_the_callers_mistake_at_any_depth(service: Service, depth: int) -> None:
    body = b'{"rows": [{"mass": ' + b"[" * depth + b"]" * depth + b"}]}"
    assert service.client.post("/v1/predict", content=body).status_code in {400, 422}


def test_not_a_number_is_answered_with_what_to_send(service: Service) -> None:
    answer = service.client.post("/v1/predict", content=json.dumps({"rows": [{**ROW, "age": float("nan")}]}))
    assert "send null for a missing value" in answer.json()["detail"]


def test_each_wrong_field_is_named(service: Service) -> None:
    answer = service.predict(ROW, {**ROW, "mass": "heavy", "shoe/size": 42})
    assert answer.status_code == 422
    assert {problem["pointer"] for problem in answer.json()["errors"]} == {"/rows/1/mass", "/rows/1/shoe~1size"}


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Basic !"}])
def test_nobody_asks_without_a_key(service: Service, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{service.url}/v1/predict", json={"rows": [ROW]}, headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_is_asked_for_before_anything_else_is_said(start: Callable[..., Service]) -> None:
    without = start(max_body_bytes=10)
    answer = httpx.post(f"{without.url}/v1/predict", content=b"x" * 100, trust_env=False)
    assert answer.status_code == 401


def test_limits_are_those_of_the_settings(start: Callable[..., Service]) -> None:
    small = start(max_rows=2, max_body_bytes=1000)
    assert small.predict(ROW, ROW).status_code == 200
    rows = small.predict(ROW, ROW, ROW)
    assert (rows.status_code, rows.json()["detail"]) == (413, "3 rows; at most 2 in one request")
    body = small.client.post("/v1/predict", content=b" " * 1001)
    assert (body.status_code, body.json()["detail"]) == (413, "the body is larger than 1000 bytes")


def test_many_callers_get_their_own_answers(service: Service) -> None:
    masses = [0.5 + 9 * n / 64 for n in range(64)]

    def ask(mass: float) -> float:
        (prediction,) = service.predict({**ROW, "mass": mass}).json()["predictions"]
        return float(prediction["probabilities"]["malignant"])

    alone = [ask(mass) for mass in masses]
    assert len(set(alone)) == len(masses), "each answer tells whose it is"
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(ask, masses))
    assert together == pytest.approx(alone, abs=1e-6), "in a batch the last bit of a float may differ, and no more"


def test_a_request_id_is_kept_if_it_is_harmless(service: Service) -> None:
    asked = {"X-Request-Id": "order-7:3"}
    assert service.client.get("/healthz", headers=asked).headers["x-request-id"] == "order-7:3"
    forged = service.client.get("/healthz", headers={"X-Request-Id": "a b <script>"}).headers["x-request-id"]
    assert len(forged) == 32


def test_probes_need_no_key_and_give_no_reason_away(start: Callable[..., Service]) -> None:
    sound = start()
    with httpx.Client(base_url=sound.url, trust_env=False) as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.get("/readyz").json() == {"status": "ready"}


def test_without_a_model_the_service_lives_and_says_why(
    start: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> None:
    without = start(bundle=tmp_path_factory.mktemp("empty"))
    assert without.client.get("/healthz").status_code == 200
    ready = httpx.get(f"{without.url}/readyz", trust_env=False)
    assert (ready.status_code, ready.json()["reason"]) == (503, "No sound model")
    answer = without.predict(ROW)
    assert (answer.status_code, answer.json()["title"]) == (503, "No sound model")
    assert "manifest.json: cannot be read" in answer.json()["detail"]
    assert "model_ready 0.0" in without.client.get("/metrics").text


def test_metrics_count_by_route_not_by_address(start: Callable[..., Service]) -> None:
    counted = start()
    counted.predict(ROW, {**ROW, "age": None})
    counted.predict({})
    for path in ("/nowhere/1", "/nowhere/2"):
        counted.client.get(path)
    text = counted.client.get("/metrics").text
    assert 'http_requests_total{method="POST",route="/v1/predict",status="200"} 1.0' in text
    assert 'http_requests_total{method="POST",route="/v1/predict",status="422"} 1.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'model_predictions_total{model="sample",version="3"} 2.0' in text
    assert 'model_flagged_values_total{problem="missing"} 1.0' in text
    assert "model_ready 1.0" in text


def test_a_fault_of_ours_is_told_without_its_insides(
    start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    failing = start()
    monkeypatch.setattr(Desk, "answer", broken)
    answer = failing.predict(ROW)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    (logged,) = [record for record in caplog.records if record.exc_info]
    assert logged.request_id == answer.json()["request_id"]  # type: ignore[attr-defined]
