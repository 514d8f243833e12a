"""The fast reader and the careful one: whatever the fast one takes, the careful one takes the same way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample import ROWS, SIGNATURES
from service.errors import InvalidInput
from service.reader import Reader
from service.signature import Feature, Signature, Task

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2, 12, width=32),
    st.sampled_from(["left", "right", "I", "II", "III", ""]),
    st.lists(st.integers(), max_size=1),
)


def usual(task: Task) -> dict[str, Any]:
    return ROWS[task][0]


@pytest.mark.parametrize("task", SIGNATURES)
def test_the_usual_request_is_read_fast(task: Task) -> None:
    decoded = Reader(SIGNATURES[task], 10).read(json.dumps({"rows": [usual(task)]}).encode())
    assert decoded is not None
    assert decoded.canonical() == SIGNATURES[task].decode([usual(task)]).canonical()


@settings(max_examples=400, deadline=None)
@given(
    task=st.sampled_from(list(SIGNATURES)),
    changes=st.lists(st.dictionaries(st.sampled_from([*ROWS["binary"][0], "strange"]), VALUES, max_size=3), max_size=4),
)
def test_the_fast_reader_never_differs_from_the_careful_one(task: Task, changes: list[dict[str, Any]]) -> None:
    rows = [{**usual(task), **change} for change in changes]
    decoded = Reader(SIGNATURES[task], 10).read(json.dumps({"rows": rows}).encode())
    if decoded is not None:
        careful = SIGNATURES[task].decode(rows)
        assert careful.flags == {}
        assert careful.canonical() == decoded.canonical()
        assert careful.rows == decoded.rows


@pytest.mark.parametrize(
    "document",
    [
        {"rows": []},
        {"rows": [usual("binary")] * 11},
        {"rows": [usual("binary")], "more": 1},
        {"rows": [{**usual("binary"), "age": None}]},
        {"rows": [{**usual("binary"), "mass": 1e9}]},
        {"rows": [{**usual("binary"), "stage": "III"}]},
        {"rows": [{**usual("binary"), "smoker": 1}]},
        [usual("binary")],
    ],
    ids=["no row", "too many", "more", "missing", "out of range", "unseen", "number for boolean", "list"],
)
def test_what_is_not_usual_is_left_to_the_careful_reader(document: object) -> None:
    assert Reader(SIGNATURES["binary"], 10).read(json.dumps(document).encode()) is None


def test_names_that_cannot_be_looked_for_are_left_to_the_careful_reader() -> None:
    signature = Signature("regression", "y", (Feature('a"b', "number"), Feature("c", "number")))
    body = json.dumps({"rows": [{'a"b': 1.0, "c": 2.0}]}).encode()
    assert Reader(signature, 10).read(body) is None


def test_the_last_of_two_equal_names_counts_for_both() -> None:
    signature = SIGNATURES["multiclass"]
    body = b'{"rows": [{"mass": 3, "mass": 2, "age": 40, "limit": 0.5}]}'
    decoded = Reader(signature, 10).read(body)
    assert decoded is not None
    assert decoded.canonical() == signature.decode(json.loads(body)["rows"]).canonical()


def test_a_range_is_kept_to_its_edges() -> None:
    signature = SIGNATURES["multiclass"]
    for value, inside in ((1.0, True), (-1.0, True), (1.0001, False)):
        row = {**usual("multiclass"), "limit": value}
        assert (Reader(signature, 10).read(json.dumps({"rows": [row]}).encode()) is not None) == inside
    with pytest.raises(InvalidInput):
        signature.decode([row])
