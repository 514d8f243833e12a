from fastapi.testclient import TestClient

from wine.app import app


def test_without_a_key_nothing_is_predicted():
    assert TestClient(app).post("/predict", json={}).status_code == 401
