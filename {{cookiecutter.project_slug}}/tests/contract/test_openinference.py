"""The Open Inference Protocol, asked by Triton's own client and by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from running import Service
from sample import ROWS

INFER = "/v2/models/sample/infer"
COLUMNS: dict[str, Any] = {
    "mass": np.array([2.0, 7.5], np.float32),
    "age": np.array([40.0, np.nan], np.float64),
    "limit": np.array([0.25, -0.5], np.float16),
    "smoker": np.array([True, False]),
    "site": np.array(["left", "right"], object),
    "stage": np.array(["I", "II"], object),
}
DATATYPES = {"f2": "FP16", "f4": "FP32", "f8": "FP64", "b1": "BOOL", "O8": "BYTES", "i4": "INT32", "u1": "UINT8"}


@pytest.fixture
def client(service: Service) -> Iterator[Callable[..., triton.InferResult]]:
    """Asks for predictions of named columns with Triton's client."""
    with connected(service) as ask:
        yield ask


class connected:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.client = triton.InferenceServerClient(f"127.0.0.1:{service.port}")

    def __enter__(self) -> Callable[..., triton.InferResult]:
        return self.ask

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, columns: dict[str, Any], *, binary: bool = True, **options: Any) -> triton.InferResult:
        inputs = [infer_input(name, values, binary=binary) for name, values in columns.items()]
        return self.client.infer("sample", inputs, headers={"X-API-Key": self.service.key}, **options)


def infer_input(name: str, values: Any, *, binary: bool) -> triton.InferInput:
    made = triton.InferInput(name, list(values.shape), DATATYPES[values.dtype.str[1:].replace("O", "O8")[:2]])
    return made.set_data_from_numpy(values, binary_data=binary)


def expected(service: Service, columns: dict[str, Any]) -> Any:
    """What ``/v1/predict`` answers to the same rows."""
    names = list(columns)
    cells = [[None if v != v else v for v in values.tolist()] for values in columns.values()]
    rows = [dict(zip(names, line, strict=True)) for line in zip(*cells, strict=True)]
    return service.predict(*rows).json()["predictions"]


def test_the_client_finds_everything_ready(service: Service) -> None:
    client = triton.InferenceServerClient(f"127.0.0.1:{service.port}")
    headers = {"X-API-Key": service.key}
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("sample")
    assert client.is_model_ready("sample", "3")
    assert not client.is_model_ready("other")
    assert "binary_tensor_data" in client.get_server_metadata(headers=headers)["extensions"]
    metadata = client.get_model_metadata("sample", "3", headers=headers)
    assert metadata["versions"] == ["3"]
    assert [(i["name"], i["datatype"], i["shape"]) for i in metadata["inputs"]] == [
        ("mass", "FP32", [-1]),
        ("age", "FP32", [-1]),
        ("limit", "FP32", [-1]),
        ("smoker", "BOOL", [-1]),
        ("site", "BYTES", [-1]),
        ("stage", "BYTES", [-1]),
    ]
    assert [(o["name"], o["datatype"], o["shape"]) for o in metadata["outputs"]] == [
        ("label", "BYTES", [-1]),
        ("probabilities", "FP32", [-1, 2]),
    ]
    client.close()


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("column", [False, True], ids=["[rows]", "[rows, 1]"])
def test_the_client_gets_right_answers(service: Service, client: Any, binary: bool, column: bool) -> None:
    columns = {name: values.reshape(-1, 1) if column else values for name, values in COLUMNS.items()}
    if not binary:
        columns["limit"] = columns["limit"].astype(np.float32)  # the client itself sends no FP16 as JSON
    answer = client(columns, binary=binary, request_id="7", model_version="3")
    wanted = expected(service, COLUMNS)
    assert [label.decode() for label in answer.as_numpy("label")] == [p["label"] for p in wanted]
    probabilities = answer.as_numpy("probabilities")
    assert probabilities.shape == (2, 2)
    assert probabilities == pytest.approx(np.array([list(p["probabilities"].values()) for p in wanted]), abs=1e-7)
    response = answer.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("7", "sample", "3")
    assert response["parameters"] == {"flagged_values": 1}


@pytest.mark.parametrize("binary", [True, False])
def test_the_client_chooses_outputs(client: Any, binary: bool) -> None:
    answer = client(COLUMNS, outputs=[triton.InferRequestedOutput("label", binary_data=binary)])
    assert answer.as_numpy("label").shape == (2,)
    assert answer.as_numpy("probabilities") is None


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32])
def test_one_tensor_may_hold_all_numbers(multiclass: Service, kind: type) -> None:
    rows = np.array([[2, 40, 0], [7, 50, 1]], kind)
    with connected(multiclass) as ask:
        labels = [label.decode() for label in ask({"features": rows}).as_numpy("label")]
    names = ("mass", "age", "limit")
    wanted = multiclass.predict(*(dict(zip(names, row, strict=True)) for row in rows.tolist())).json()
    assert labels == [prediction["label"] for prediction in wanted["predictions"]]


def test_a_regression_gives_values_and_takes_0_and_1_for_booleans(regression: Service) -> None:
    with connected(regression) as ask:
        got = ask({"features": np.array([[2, 40, 0.25, 1], [7.5, np.nan, -0.5, 0]])}).as_numpy("value")
    wanted = regression.predict(*ROWS["regression"]).json()["predictions"]
    assert got.tolist() == pytest.approx([prediction["value"] for prediction in wanted])


def test_the_client_shows_what_is_wrong(client: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"/inputs/2/data/1: 3\.0 is outside -1\.0 to 1\.0"):
        client({**COLUMNS, "limit": np.array([0.0, 3.0])})
    with pytest.raises(InferenceServerException, match="the model gives label and probabilities"):
        client(COLUMNS, outputs=[triton.InferRequestedOutput("value")])


def test_nested_json_is_read_and_pointed_into(service: Service) -> None:
    def ask(last: Any) -> Any:
        columns = {"mass": [[2.0], [last]], "limit": [[0.0], [0.0]]}
        inputs = [{"name": n, "shape": [2, 1], "datatype": "FP32", "data": v} for n, v in columns.items()]
        inputs += [
            {"name": "smoker", "shape": [2], "datatype": "BOOL", "data": [True, False]},
            {"name": "stage", "shape": [2], "datatype": "BYTES", "data": ["I", "II"]},
            {"name": "site", "shape": [2], "datatype": "BYTES", "data": ["left", None]},
        ]
        return service.client.post(INFER, json={"inputs": inputs})

    assert ask(3.0).json()["parameters"] == {"flagged_values": 3}
    assert ask(None).json()["errors"][0]["pointer"] == "/inputs/0/data/1/0"


def tensor(**changes: Any) -> dict[str, Any]:
    return {"name": "mass", "shape": [1], "datatype": "FP32", "data": [1.0], **changes}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": 3}, "/inputs/0/name"),
        ({"shape": "many"}, "/inputs/0/shape"),
        ({"shape": [-1]}, "/inputs/0/shape/0"),
        ({"shape": [2]}, "/inputs/0/shape"),
        ({"shape": [1, 1, 1]}, "/inputs/0/shape"),
        ({"shape": []}, "/inputs/0/shape"),
        ({"datatype": "FLOAT"}, "/inputs/0/datatype"),
        ({"datatype": "BYTES", "data": ["1"]}, "/inputs/0/datatype"),
        ({"data": None}, "/inputs/0"),
        ({"data": ["heavy"]}, "/inputs/0/data/0"),
        ({"data": [{}]}, "/inputs/0/data/0"),
        ({"data": [[1.0]]}, "/inputs/0/data/0"),
        ({"datatype": "INT8", "data": [1.5]}, "/inputs/0/data/0"),
        ({"shape": [2, 1], "data": [[1.0], [2.0, 3.0]]}, "/inputs/0/data"),
        ({"shape": [2, 1], "data": [[1.0], 2.0]}, "/inputs/0/data"),
        ({"parameters": {"binary_data_size": 4}}, "/inputs/0/parameters/binary_data_size"),
        ({"parameters": {"binary_data_size": "4"}}, "/inputs/0/parameters/binary_data_size"),
        ({"parameters": {"binary_data_size": -4}}, "/inputs/0/parameters/binary_data_size"),
    ],
)
def test_a_malformed_tensor_is_pointed_at(regression: Service, changes: dict[str, Any], pointer: str) -> None:
    others = [tensor(name="limit", data=[0.0]), tensor(name="treated", datatype="BOOL", data=[True])]
    answer = regression.client.post(INFER, json={"inputs": [tensor(**changes), *others]})
    assert answer.status_code == 400, answer.text
    assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        ([], "Expected `object`"),
        ({}, "missing required field"),
        ({"inputs": []}, "length >= 1"),
        ({"inputs": [tensor(), tensor()]}, "a second input named 'mass'"),
        ({"inputs": [tensor(name="features", shape=[1, 9], data=[0] * 9)]}, "expected the shape [rows, 4]"),
        ({"inputs": [tensor(name="features", shape=[0, 4], data=[])]}, "at least one row"),
        ({"inputs": [tensor(), tensor(name="limit", shape=[2], data=[0, 0]), tensor(name="treated")]}, "2 rows, but"),
        ({"inputs": [tensor()], "outputs": [{"name": "label"}]}, "the model gives value"),
        ({"inputs": [tensor()], "outputs": [{"name": "value", "parameters": {"classification": 3}}]}, "not supported"),
    ],
)
def test_a_malformed_request_is_explained(regression: Service, request_body: Any, said: str) -> None:
    answer = regression.client.post(INFER, json=request_body)
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["error"]


def test_no_output_is_sent_twice(service: Service) -> None:
    columns = {"mass": ("FP32", 2.0), "limit": ("FP32", 0.0), "smoker": ("BOOL", True), "stage": ("BYTES", "I")}
    inputs = [{"name": n, "shape": [1], "datatype": kind, "data": [v]} for n, (kind, v) in columns.items()]

    def ask(*names: str) -> Any:
        return service.client.post(INFER, json={"inputs": inputs, "outputs": [{"name": name} for name in names]})

    assert [output["name"] for output in ask("probabilities", "label").json()["outputs"]] == ["probabilities", "label"]
    answer = ask("probabilities", "label", *["probabilities"] * 1000)
    assert answer.status_code == 400
    told = {"pointer": "/outputs/2/name", "detail": "a second output named 'probabilities'"}
    assert answer.json()["errors"] == [told]


def test_a_long_name_sent_twice_is_not_sent_back(service: Service) -> None:
    named = {"name": "\x7f" * 10_000, "shape": [1], "datatype": "FP32", "data": [1.0]}
    answer = service.client.post(INFER, json={"inputs": [named, named]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/inputs/1/name"
    assert len(answer.content) < 1000


def test_columns_that_do_not_fit_are_named_once(regression: Service) -> None:
    answer = regression.client.post(INFER, json={"inputs": [tensor(name="shoe", shape=[3], data=[1, 2, 3])]})
    assert answer.status_code == 422
    told = [(problem["pointer"], problem["detail"]) for problem in answer.json()["errors"]]
    assert told[0] == ("/inputs/0/name", "the model has no such feature")
    assert [pointer for pointer, _ in told[1:]] == ["/inputs"] * 3


def text(value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<I", len(value) if length is None else length) + value


@pytest.mark.parametrize(
    ("datatype", "data", "said"),
    [
        ("BYTES", text(b"I", 9), "element 0 is cut off"),
        ("BYTES", b"\x01\x00", "element 0 is cut off"),
        ("BYTES", text(b"\xff"), "element 0 is not UTF-8"),
        ("BYTES", text(b"I") * 2, "2 elements do not fill the shape [1]"),
        ("FP32", b"\x00\x00\x00", "no whole number of FP32 elements"),
        ("FP32", b"\x00" * 8, "2 elements do not fill the shape [1]"),
    ],
)
def test_broken_binary_tensors_are_refused(service: Service, datatype: str, data: bytes, said: str) -> None:
    answer = post_binary(service, datatype, data, len(data))
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["error"]


def test_bytes_that_are_too_few_or_too_many_are_refused(service: Service) -> None:
    assert "8 bytes are announced, 4 came" in post_binary(service, "FP32", b"\x00" * 4, 8).json()["error"]
    assert "4 bytes follow the last" in post_binary(service, "FP32", b"\x00" * 8, 4).json()["error"]


@pytest.mark.parametrize("length", ["-1", "1e3", "1000000", "", "²", pytest.param("1" * 5000, id="5000 digits")])
def test_a_wrong_length_of_the_json_part_is_refused(service: Service, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length.encode()}
    answer = service.client.post(INFER, content=b"{}", headers=headers)
    assert answer.status_code == 400
    assert "Inference-Header-Content-Length" in answer.json()["detail"]


def post_binary(service: Service, datatype: str, data: bytes, announced: int) -> Any:
    head = (
        f'{{"inputs": [{{"name": "stage", "shape": [1], "datatype": "{datatype}", '
        f'"parameters": {{"binary_data_size": {announced}}}}}]}}'
    ).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    return service.client.post(INFER, content=head + data, headers=headers)
