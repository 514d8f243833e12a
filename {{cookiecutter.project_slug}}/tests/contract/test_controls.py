"""The controls as a caller meets them: joined, on by default, each refusing in its own words."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from issuer import AUDIENCE, Issuer
from running import Service, started, until
from sample import ROWS, release
from scarce import no_more_room
from service import audit, auth

ROW = ROWS["binary"][0]
Start = Callable[..., Service]


def with_key(service: Service, key: str) -> httpx.Response:
    return httpx.post(service.url + "/v1/predict", json={"rows": [ROW]}, headers={"X-API-Key": key}, trust_env=False)


def test_a_key_without_the_scope_is_known_but_not_allowed(start: Start, tmp_path: Path) -> None:
    admin = auth.create_key(tmp_path / "api-keys.json", "operator", scopes=["admin"])
    answer = with_key(start(), admin)
    assert answer.status_code == 403
    assert "'predict'" in answer.json()["detail"]
    assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_keys_change_while_the_service_runs(start: Start, tmp_path: Path) -> None:
    service, keys = start(reload_seconds=0.02), tmp_path / "api-keys.json"
    fresh = auth.create_key(keys, "newcomer")
    until(lambda: with_key(service, fresh).status_code == 200)
    auth.revoke_key(keys, "newcomer")
    until(lambda: with_key(service, fresh).status_code == 401)
    assert service.predict(ROW).status_code == 200


def test_keys_change_though_looking_for_changes_failed_once(start: Start, tmp_path: Path) -> None:
    service, keys = start(reload_seconds=0.02), tmp_path / "api-keys.json"
    models, failed = service.app.state.desk.models, threading.Event()
    refresh = models.refresh

    def fail() -> None:
        failed.set()
        raise RuntimeError("nobody thought of this")

    models.refresh = fail
    assert failed.wait(10)
    models.refresh = refresh
    fresh = auth.create_key(keys, "newcomer")
    until(lambda: with_key(service, fresh).status_code == 200)


def test_after_a_full_disk_it_is_ready_again_before_anybody_asks(start: Start) -> None:
    """While it is not ready, nobody is sent to it."""
    service = start(reload_seconds=0.02)
    with no_more_room():
        assert service.predict(ROW).status_code == 503
        assert service.client.get("/readyz").status_code == 503
    until(lambda: service.client.get("/readyz").status_code == 200)
    assert service.predict(ROW).status_code == 200


@pytest.mark.parametrize("made", ["before it starts", "while it runs"])
def test_locally_the_machines_own_key_works_beside_those_that_are_made(start: Start, tmp_path: Path, made: str) -> None:
    keys, own = tmp_path / "made.json", tmp_path / "own-key"
    fresh = auth.create_key(keys, "newcomer") if made == "before it starts" else ""
    service = start(environment="local", api_keys=keys, local_key=own, reload_seconds=0.02)
    fresh = fresh or auth.create_key(keys, "newcomer")
    until(lambda: with_key(service, fresh).status_code == 200)
    assert with_key(service, own.read_text(encoding="ascii")).status_code == 200


def test_a_token_of_the_issuer_lets_in(start: Start) -> None:
    with Issuer() as issuer:
        service = start(
            token_issuer=issuer.url,
            token_audience=AUDIENCE,
            token_keys=issuer.jwks_url,
            token_url="https://issuer.example.org/token",
        )

        def ask(**claims: object) -> httpx.Response:
            head = {"Authorization": f"Bearer {issuer.token(**claims)}"}
            return httpx.post(service.url + "/v1/predict", json={"rows": [ROW]}, headers=head, trust_env=False)

        assert ask(scope="predict").status_code == 200
        assert ask(scope="feedback").status_code == 403
        assert ask(scope="predict", aud="somebody else").status_code == 401
        flows = service.client.get("/openapi.json").json()["components"]["securitySchemes"]["oauth2"]["flows"]
        assert flows["clientCredentials"]["tokenUrl"] == "https://issuer.example.org/token"


def test_the_rate_is_told_and_kept(start: Start) -> None:
    service = start(rate="2/hour", quota="5/day")
    answers = [service.predict(ROW) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"].startswith('"rate";r=1;t=')
    assert 0 < int(answers[2].headers["retry-after"]) <= 1800
    assert answers[2].headers["content-type"] == "application/problem+json"
    other = service.client.post("/invocations", json={"dataframe_records": [ROW]})
    assert other.status_code == 200, "each route counts for itself"


def test_the_quota_counts_over_all_routes(start: Start) -> None:
    service = start(rate="none", quota="2/day")
    assert service.predict(ROW).status_code == 200
    assert service.client.post("/invocations", json={"dataframe_records": [ROW]}).status_code == 200
    refused = service.predict(ROW)
    assert refused.status_code == 429
    assert "quota" in refused.json()["detail"]


def test_what_cannot_be_in_time_is_refused_at_once(service: Service) -> None:
    answer = service.client.post("/v1/predict", json={"rows": [ROW]}, headers={"X-Request-Timeout-Ms": "0"})
    assert answer.status_code == 503
    assert answer.json()["title"] == "Overloaded"
    assert int(answer.headers["retry-after"]) >= 1


def test_a_stranger_in_a_hurry_is_a_stranger(service: Service) -> None:
    """Not an overload, which would count as a fault of the service."""
    head = {"X-Request-Timeout-Ms": "0"}
    answer = httpx.post(service.url + "/v1/predict", json={"rows": [ROW]}, headers=head, trust_env=False)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "part"),
    [
        ("/v1/predict", '{"rows": [%s]}', '{"": 0}'),
        ("/invocations", '{"dataframe_records": [%s]}', '{"": 0}'),
        ("/invocations", '{"instances": [%s]}', "[]"),
        ("/v2/models/sample/infer", '{"inputs": [%s]}', "{}"),
    ],
)
@pytest.mark.parametrize(("times", "said"), [(101, "far more objects or lists than the 10 rows allowed"), (11, "")])
def test_more_than_a_request_may_hold(start: Start, path: str, body: str, part: str, times: int, said: str) -> None:
    """Each object takes many times the memory of its two bytes, so far too many are not even made."""
    service = start(max_rows=10)
    content = (body % ", ".join([part] * times)).encode()
    answer = service.client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert said in answer.json()["detail"]
    assert (answer.status_code == 413) >= bool(said)


@pytest.mark.parametrize("wrong", ["soon", "-1", "1.5", "", "9" * 30, "٣"])
def test_an_unreadable_deadline_is_told(service: Service, wrong: str) -> None:
    head = {"X-Request-Timeout-Ms": wrong.encode()}
    answer = service.client.post("/v1/predict", json={"rows": [ROW]}, headers=head)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert "whole number of milliseconds" in answer.json()["detail"]


def test_a_default_answers_when_the_model_cannot(start: Start) -> None:
    service = start(degrade="default", default_answer=(0.25, 0.75))
    late = {"X-Request-Timeout-Ms": "0"}
    answer = service.client.post("/v1/predict", json={"rows": [ROW]}, headers=late).json()
    assert answer["degraded"] == "default"
    assert answer["predictions"][0]["probabilities"] == {"benign": 0.25, "malignant": 0.75}
    scored = service.client.post("/invocations", json={"dataframe_records": [ROW]}, headers=late).json()
    assert scored == {"predictions": ["malignant"], "degraded": "default"}
    assert "degraded" not in service.predict(ROW).json()
    assert 'degraded_answers_total{how="default"} 2.0' in service.client.get("/metrics").text


def test_a_new_model_drops_the_cache(start: Start) -> None:
    service = start(cache_bytes=100_000, reload_seconds=0.02)
    assert service.predict(ROW).status_code == 200
    assert "prediction_cache_bytes 0.0" not in service.client.get("/metrics").text
    service.release.sign(version="4")
    until(lambda: "prediction_cache_bytes 0.0" in service.client.get("/metrics").text)


def test_a_cached_answer_is_the_same_answer(start: Start, tmp_path: Path) -> None:
    service = start(cache_bytes=100_000)
    first, second = (service.predict(ROW).json() for _ in range(2))
    assert first["predictions"] == second["predictions"]
    assert 'prediction_cache_total{outcome="hit"} 1.0' in service.client.get("/metrics").text


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Service]:
    """A service of two models."""
    key = Ed25519PrivateKey.generate()
    release(tmp_path / "approved" / "second", "regression", key=key, model="second", version="7")
    with started(tmp_path / "approved", key=key, more_bundles=(tmp_path / "approved" / "second",)) as service:
        yield service


def test_several_models_are_asked_by_name(two: Service) -> None:
    row = ROWS["regression"][0]
    answer = two.client.post("/v1/models/second/predict", json={"rows": [row]}).json()
    assert (answer["model"], answer["version"]) == ("second", "7")
    assert "value" in answer["predictions"][0]
    assert two.client.post("/v1/models/sample/predict", json={"rows": [ROW]}).json()["model"] == "sample"
    assert two.predict(ROW).json()["model"] == "sample", "the first is asked without a name"
    assert two.client.post("/v1/models/third/predict", json={"rows": [row]}).status_code == 404
    assert two.client.get("/v2/models/second/versions/7").json()["outputs"][0]["name"] == "value"
    named = two.client.get("/openapi.json").json()["paths"]["/v1/models/{name}/predict"]["parameters"]
    assert named[0]["schema"]["enum"] == ["sample", "second"]


def test_the_status_page_counts_what_each_model_was_asked(two: Service) -> None:
    two.client.post("/v1/models/second/predict", json={"rows": [ROWS["regression"][0]]})
    two.client.post("/v1/models/sample/predict", json={"rows": [ROW]})
    shown = re.sub(r"<[^>]+>", " ", two.client.get("/", headers={"Accept": "text/html"}).text)
    assert re.search(r"requests\s+2\b", shown)


def test_every_decision_is_recorded_whatever_the_protocol(start: Start, tmp_path: Path) -> None:
    service = start()
    first = service.predict(ROW, ROWS["binary"][1]).json()
    service.client.post("/invocations", json={"dataframe_records": [ROW]})
    assert service.predict({"mass": "heavy"}).status_code == 422
    (trail,) = (tmp_path / "audit").rglob("*.jsonl")
    lines = [json.loads(line) for line in trail.read_text().splitlines()]
    decisions = [line for line in lines if "principal" in line]
    assert [line["rows"] for line in decisions] == [2, 1], "what was refused is no decision"
    assert decisions[0]["request"] == first["request_id"]
    assert decisions[0]["principal"] == "tester"
    assert decisions[0]["digest"] == first["digest"]
    report = audit.verify(tmp_path / "audit", audit.load_public_keys([tmp_path / "audit.pem.pub"]))
    assert report.findings == []
    assert report.records == 2


def test_what_hardly_ever_happens_counts_from_zero(start: Start) -> None:
    text = start().client.get("/metrics").text
    for kind in ("full", "io", "sync", "head"):
        assert f'audit_failures_total{{kind="{kind}"}} 0.0' in text
    assert 'model_reloads_total{outcome="refused"} 0.0' in text
    assert 'model_reloads_total{outcome="loaded"} 1.0' in text


def test_hostile_callers_make_no_new_series(service: Service) -> None:
    def series() -> int:
        return len(service.client.get("/metrics").text.splitlines())

    def hostile(number: int) -> None:
        name = f"x{number}-{random.random()}"
        service.client.get(f"/{name}")
        service.client.request(f"BREW{number}", f"/{name}")
        service.client.get(f"/v2/models/{name}/versions/{number}")
        service.client.post("/v1/predict", json={"rows": [{name: 1}]}, headers={"X-Request-ID": name})
        httpx.get(service.url + "/v2", headers={"X-API-Key": name}, trust_env=False)

    hostile(0)
    series()
    before = series()
    for number in range(1, 30):
        hostile(number)
    assert series() == before


def test_every_answer_is_headed_safely(service: Service) -> None:
    for path in ("/v1/predict", "/nothing", "/healthz", "/openapi.json"):
        answer = service.client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers or answer.headers["server"] == "uvicorn", "of the test's own server"
        assert answer.headers["x-request-id"]
        assert "traceback" not in answer.text.lower()


KEPT = ("/v2/models/sample", "/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/card")


@pytest.mark.parametrize("path", KEPT)
def test_what_has_not_changed_is_not_sent_again(service: Service, path: str) -> None:
    first = service.client.get(path)
    assert first.status_code == 200
    assert "private" in first.headers["cache-control"]
    again = service.client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert service.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_another_model_is_sent_again(start: Start, tmp_path: Path) -> None:
    service = start(reload_seconds=0.02)
    before = service.client.get("/v2/models/sample").headers["etag"]
    service.release.sign(version="4")
    until(lambda: service.client.get("/v2/models/sample").json()["versions"] == ["4"])
    assert service.client.get("/v2/models/sample", headers={"If-None-Match": before}).status_code == 200
