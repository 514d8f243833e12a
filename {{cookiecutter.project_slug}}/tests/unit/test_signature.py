"""What the signature does with each kind of value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sample import ROWS, SIGNATURES
from service.errors import InvalidInput
from service.signature import MAX_FLOAT32, MAX_PROBLEMS, MISSING_TEXT, Feature, Flag, Signature, rows_of

SIGNATURE = SIGNATURES["binary"]
SOUND = ROWS["binary"][0]


def refusals(**changes: Any) -> dict[str, str]:
    """Pointer -> detail for one row with changed values."""
    with pytest.raises(InvalidInput) as caught:
        SIGNATURE.decode([{**SOUND, **changes}])
    return {problem.pointer: problem.detail for problem in caught.value.problems}


def test_a_sound_row_fills_the_blocks() -> None:
    decoded = SIGNATURE.decode([SOUND])
    assert decoded.blocks["numeric"].tolist() == [[2.0, 40.0, 0.25, 1.0]]
    assert decoded.blocks["numeric"].dtype == np.float32
    assert decoded.blocks["text"].tolist() == [["left", "I"]]
    assert decoded.flags == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("mass", "2", "expected a number, got str '2'"),
        ("mass", True, "expected a number, got bool True"),
        ("mass", [1], "expected a number, got list [1]"),
        ("mass", None, "required"),
        ("mass", float("nan"), "required"),
        ("mass", float("inf"), "finite"),
        ("mass", 1e39, "finite"),
        ("mass", 10**400, "finite"),
        ("limit", 1.5, "1.5 is outside -1.0 to 1.0"),
        ("smoker", 1, "expected true or false, got int 1"),
        ("smoker", None, "required"),
        ("site", "middle", "'middle' is none of the known categories: left, right"),
        ("site", 3, "expected a text, got int 3"),
        ("shoe/size", 42, "no such feature"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(field: str, value: Any, said: str) -> None:
    found = refusals(**{field: value})
    assert list(found) == ["/rows/0/" + field.replace("/", "~1")]
    assert said in next(iter(found.values()))


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("mass", 0.25, "out_of_range"),
        ("mass", 1e30, "out_of_range"),
        ("age", None, "missing"),
        ("age", float("nan"), "missing"),
        ("site", None, "missing"),
        ("stage", "IV", "unseen_category"),
    ],
)
def test_a_value_that_may_pass_is_flagged(field: str, value: Any, problem: Any) -> None:
    assert SIGNATURE.decode([SOUND, {**SOUND, field: value}]).flags == {1: [Flag(field, problem)]}


def test_missing_values_become_what_the_model_was_trained_with() -> None:
    row = {name: value for name, value in SOUND.items() if name not in {"age", "site"}}
    blocks = SIGNATURE.decode([row]).blocks
    assert np.isnan(blocks["numeric"][0, 1])
    assert blocks["text"][0, 0] == MISSING_TEXT


def test_all_problems_are_told_at_once_and_no_more_than_a_page() -> None:
    assert set(refusals(mass="x", smoker="y", site="z")) == {"/rows/0/mass", "/rows/0/smoker", "/rows/0/site"}
    with pytest.raises(InvalidInput) as caught:
        SIGNATURE.decode([{}] * 1000)
    assert len(caught.value.problems) == MAX_PROBLEMS


@pytest.mark.parametrize("row", [None, 1, "row", [SOUND]])
def test_a_row_must_be_an_object(row: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        SIGNATURE.decode([SOUND, row])
    assert caught.value.problems[0].pointer == "/rows/1"


def test_problems_are_placed_in_the_callers_own_document() -> None:
    with pytest.raises(InvalidInput) as caught:
        SIGNATURE.decode([{**SOUND, "mass": "x"}], lambda row, name: f"/at/{name}/{row}")
    assert caught.value.problems[0].pointer == "/at/mass/0"


def test_an_edge_of_the_range_sent_in_32_bits_is_inside() -> None:
    signature = Signature("regression", "y", (Feature("x", "number", minimum=0.1, maximum=0.7, on_range="reject"),))
    for edge in (0.1, 0.7):
        assert signature.decode([{"x": float(np.float32(edge))}]).flags == {}
    for beyond in (0.0999, 0.7001):
        with pytest.raises(InvalidInput):
            signature.decode([{"x": beyond}])


def test_a_range_wider_than_32_bits_lets_nothing_infinite_through() -> None:
    signature = Signature("regression", "y", (Feature("x", "number", minimum=-MAX_FLOAT32, maximum=1e200),))
    assert signature.decode([{"x": MAX_FLOAT32}]).flags == {}
    with pytest.raises(InvalidInput):
        signature.decode([{"x": 1e39}])


def test_an_error_quotes_a_few_characters_of_a_value_only() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for huge in ("x" * 1_000_000, list(range(100_000)), deep):
        (detail,) = refusals(mass=huge).values()
        assert len(detail) < 200


@pytest.mark.parametrize("task", SIGNATURES)
def test_json_keeps_everything(task: Any) -> None:
    assert Signature.from_dict(SIGNATURES[task].to_dict()) == SIGNATURES[task]


def test_columns_become_rows() -> None:
    assert rows_of({"a": [1, 2], "b": [3, 4]}) == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]
