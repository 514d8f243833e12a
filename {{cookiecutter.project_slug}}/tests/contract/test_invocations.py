"""MLflow's scoring protocol, asked by MLflow's own client and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from running import Service
from sample import ROWS

COLUMNS = list(ROWS["binary"][0])
LINES = [list(row.values()) for row in ROWS["binary"]]


def client(service: Service) -> ScoringServerClient:
    """The client knows no keys, but takes them as part of the address."""
    return ScoringServerClient(f"mlflow:{service.key}@127.0.0.1", service.port)


def labels(service: Service) -> list[str]:
    return [prediction["label"] for prediction in service.predict(*ROWS["binary"]).json()["predictions"]]


def test_the_client_finds_the_service_alive(service: Service) -> None:
    client(service).wait_server_ready(timeout=5)
    assert client(service).get_version().split(".")[0] == "2"


def test_the_client_sends_a_table_with_gaps(service: Service) -> None:
    table = pd.DataFrame(ROWS["binary"])
    assert table["age"].isna().any()
    answer = client(service).invoke(table)
    assert answer.get_predictions()[0].tolist() == labels(service)
    assert {(flag["row"], flag["field"], flag["problem"]) for flag in answer["flags"]} == {
        (1, "age", "missing"),
        (1, "site", "missing"),
    }


def test_the_client_sends_an_array(regression: Service) -> None:
    answer = client(regression).invoke(np.array([[2.0, 40.0, 0.25, 1.0], [7.5, np.nan, -0.5, 0.0]]))
    wanted = [prediction["value"] for prediction in regression.predict(*ROWS["regression"]).json()["predictions"]]
    assert answer.get_predictions("ndarray").tolist() == pytest.approx(wanted)


def test_the_client_sends_rows(service: Service) -> None:
    assert client(service).invoke(ROWS["binary"])["predictions"] == labels(service)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"index": [0, 1], "columns": COLUMNS, "data": LINES}},
        {"dataframe_records": ROWS["binary"]},
        {"inputs": {name: [row[name] for row in ROWS["binary"]] for name in COLUMNS}},
        {"inputs": ROWS["binary"]},
        {"inputs": LINES},
        {"instances": ROWS["binary"]},
        {"instances": LINES},
        {"instances": LINES, "params": {}},
    ],
    ids=str,
)
def test_every_form_gives_the_same_answer(service: Service, body: Any) -> None:
    answer = service.client.post("/invocations", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == labels(service)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "exactly one of dataframe_split"),
        ({"inputs": LINES, "instances": LINES}, "exactly one of dataframe_split"),
        ({"rows": LINES}, "unknown field `rows`"),
        ({"instances": []}, "at least one row"),
        ({"inputs": {}}, "column(s) do not fit"),
        ({"inputs": LINES, "params": {"temperature": 1}}, "takes no params"),
        ({"instances": [LINES[0], LINES[1][:3]]}, "/instances/1: expected a list of 6 values"),
        ({"instances": [LINES[0], ROWS["binary"][0]]}, "/instances/1: expected a list of 6 values"),
        ({"dataframe_split": {"columns": [*COLUMNS, "mass"], "data": LINES}}, "two columns have the same name"),
        ({"dataframe_split": {"columns": COLUMNS, "data": [[]]}}, "/dataframe_split/data/0: expected a list"),
        ({"dataframe_split": {"columns": ["mass"], "data": [[1]]}}, "/dataframe_split/columns: 'limit' is required"),
        ({"dataframe_split": [1]}, "/dataframe_split: Expected `object | null`, got `array`"),
        ({"inputs": {name: [1] * (name == "mass") for name in COLUMNS}}, "not of the same length"),
    ],
)
def test_a_wrong_request_is_explained(service: Service, body: Any, said: str) -> None:
    answer = service.client.post("/invocations", json=body)
    assert answer.status_code in {400, 422}, answer.text
    problem = answer.json()
    told = [problem["detail"], *(f"{p['pointer']}: {p['detail']}" for p in problem.get("errors", []))]
    assert any(said in line for line in told), told


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"dataframe_split": {"columns": COLUMNS, "data": [["x", *LINES[0][1:]]]}}, "/dataframe_split/data/0/0"),
        ({"dataframe_records": [{**ROWS["binary"][0], "mass": "x"}]}, "/dataframe_records/0/mass"),
        ({"inputs": {**{n: [v] for n, v in ROWS["binary"][0].items()}, "mass": ["x"]}}, "/inputs/mass/0"),
        ({"instances": [["x", *LINES[0][1:]]]}, "/instances/0/0"),
        ({"instances": [ROWS["binary"][0], 3]}, "/instances/1"),
    ],
)
def test_a_wrong_value_is_pointed_at_where_it_stands(service: Service, body: Any, pointer: str) -> None:
    answer = service.client.post("/invocations", json=body)
    assert answer.status_code == 422, answer.text
    assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer]


def test_nan_counts_as_missing_but_not_inside_texts(service: Service) -> None:
    row = '{"mass": 2.0, "age": NaN, "limit": 0.25, "smoker": true, "site": "left", "stage": "say \\"NaN\\""}'
    answer = service.client.post("/invocations", content=f'{{"instances": [{row}]}}')
    assert [flag["problem"] for flag in answer.json()["flags"]] == ["missing", "unseen_category"]
    broken = service.client.post("/invocations", content=b'{"instances": [NaN, "' + b'\\"' * 100_000)
    assert broken.status_code == 400
