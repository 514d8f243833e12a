"""schema.yaml: inferred once, read back the same, and enforced on every table after that."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.errors import InvalidInput
from training import params, schema
from training.errors import DataError, StorageError
from training.table import Table, read

HEADER = "age,debt,dose,smoker,site,ill\n"
GOOD = [
    "20,-4,0.001,yes,left,no",
    "40,-2,0.002,no,right,yes",
    "60,-1,0.003,no,,no",
    ",-3,0.004,yes,left,yes",
]


def wanted(**data: Any) -> params.Params:
    return params.Params.model_validate(
        {
            "model": "m",
            "data": {"path": "mine.csv", "target": "ill", **data},
            "split": {"test": 0.2, "folds": 2, "seed": 1},
            "estimator": {"name": "linear"},
            "baseline": {"name": "linear"},
            "gates": {
                "metrics": {"f1": {"min": 0.5}},
                "baseline": {"metric": "f1", "margin": 0.0},
                "champion": None,
                "latency_ms": 1.0,
                "size_mb": 1.0,
            },
        }
    )


def table(tmp_path: Path, rows: list[str], asked: params.Params, header: str = HEADER) -> Table:
    (tmp_path / str(asked.data.path)).write_text(header + "\n".join(rows) + "\n")
    return read(asked.data, tmp_path)


def inferred(tmp_path: Path, **data: Any) -> schema.Schema:
    return schema.infer(table(tmp_path, GOOD, wanted(**data)), wanted(**data))


def refused(tmp_path: Path, rows: list[str], problem: str, remedy: str, header: str = HEADER) -> None:
    rules = inferred(tmp_path)
    with pytest.raises(DataError) as caught:
        schema.enforce(rules, table(tmp_path, rows, wanted(), header).frame)
    assert caught.value.problem.startswith("mine.csv: ")
    assert re.search(problem, str(caught.value), re.DOTALL), str(caught.value)
    assert re.search(remedy, str(caught.value), re.DOTALL), str(caught.value)


REVIEW = "correct the table, or edit schema.yaml in review"


def test_what_is_inferred(tmp_path: Path) -> None:
    rules = inferred(tmp_path)
    age, debt, dose = (rules.features[name] for name in ("age", "debt", "dose"))
    assert (age.min, age.max) == (10.0, 70.0)
    assert (debt.min, debt.max) == (-4.75, -0.25)
    assert (dose.min, dose.max) == (0.00025, 0.00475)
    assert (age.max_missing, age.on_missing) == (0.3, "impute")
    assert (debt.max_missing, debt.on_missing) == (0.0, "reject")
    assert rules.features["site"].categories == ["left", "right"]
    assert rules.features["smoker"].type == "boolean"
    assert rules.target.classes == ["no", "yes"]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ((0, 100), 0.0, 125.0),
        ((1, 100), 0.0, 124.8),
        ((-100, -1), -124.8, 0.0),
        ((-10, 10), -15.0, 15.0),
        ((5, 5), 5.0, 5.0),
        ((1000000.1, 1000000.2), 1000000.0, 1001000.0),
        ((-0.123456, 0.123456), -0.1852, 0.1852),
    ],
)
def test_ranges_are_widened_outwards_but_not_across_zero(
    tmp_path: Path, values: tuple[float, float], low: float, high: float
) -> None:
    rows = [f"{values[0]},no", f"{values[1]},yes"]
    column = schema.infer(table(tmp_path, rows, wanted(), "x,ill\n"), wanted()).features["x"]
    assert (column.min, column.max) == (low, high)


def test_numbered_classes_are_in_order_of_number(tmp_path: Path) -> None:
    asked = wanted(task="multiclass")
    found = table(tmp_path, ["1,10", "2,9", "3,2"], asked, "x,ill\n")
    assert schema.infer(found, asked).target.classes == ["2", "9", "10"]


def test_a_regression_has_a_range(tmp_path: Path) -> None:
    asked = wanted(task="regression")
    target = schema.infer(table(tmp_path, ["1,10", "2,20"], asked, "x,ill\n"), asked).target
    assert (target.classes, target.min, target.max) == ([], 7.5, 22.5)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    rules = inferred(tmp_path, types={"site": "text"})
    schema.save(rules, tmp_path / "schema.yaml")
    text = (tmp_path / "schema.yaml").read_text()
    assert text.startswith("# What the table must look like")
    assert "  age: {type: number, min: 10.0, max: 70.0, max_missing: 0.3, on_missing: impute" in text
    assert schema.load(tmp_path / "schema.yaml") == rules


def test_names_and_categories_that_yaml_would_misread(tmp_path: Path) -> None:
    rows = ["yes,null-ish,no", "2026-01-31,1e3x,yes"]
    found = table(tmp_path, rows, wanted(), "no,on: #,ill\n")
    rules = schema.infer(found, wanted())
    schema.save(rules, tmp_path / "schema.yaml")
    assert schema.load(tmp_path / "schema.yaml") == rules
    assert list(rules.features) == ["no", "on: #"]


def test_the_table_itself_passes(tmp_path: Path) -> None:
    schema.enforce(inferred(tmp_path), table(tmp_path, GOOD, wanted()).frame)


def test_a_column_to_split_by_is_not_checked(tmp_path: Path) -> None:
    asked = wanted(group="site", drop=["age"])
    rules = schema.infer(table(tmp_path, [row.replace(",,", ",mid,") for row in GOOD], asked), asked)
    changed = [row.replace("left", "new").replace(",,", ",mid,") for row in GOOD]
    schema.enforce(rules, table(tmp_path, changed, asked).frame)


def test_out_of_range(tmp_path: Path) -> None:
    rows = [*GOOD, "71,-3,0.001,no,left,no", "9,-3,0.001,no,left,no"]
    refused(tmp_path, rows, r"column 'age', line 6: 71.0 is outside 10.0 to 70.0 \(2 rows\)", REVIEW)


def test_a_category_unseen(tmp_path: Path) -> None:
    rows = [*GOOD, "20,-3,0.001,no,above,no"]
    refused(tmp_path, rows, r"column 'site', line 6: 'above' is none of left, right \(1 row\)", REVIEW)


def test_too_many_missing(tmp_path: Path) -> None:
    rows = [GOOD[0], GOOD[3], GOOD[3], GOOD[1].replace("-2", "")]
    problem = "2 problems.*'age', line 3: 50.0% of the values are missing, schema.yaml allows 30.0%"
    refused(tmp_path, rows, problem + ".*'debt', line 5: 25.0%.*allows 0.0%", REVIEW)


def test_another_type(tmp_path: Path) -> None:
    rows = [row.replace("yes,left", "maybe,left") for row in GOOD]
    problem = "column 'smoker', line 2: holds texts, as 'maybe'; schema.yaml says boolean"
    refused(tmp_path, rows, problem, r"data.types: \{smoker: boolean\}.*" + REVIEW)


def test_missing_and_unknown_columns(tmp_path: Path) -> None:
    problem = r"'sight' is not in schema.yaml \(did you mean 'site'\?\).*'site' of schema.yaml is not in the table"
    refused(tmp_path, GOOD, problem, r"data.drop: \[sight\]", HEADER.replace("site", "sight"))


def test_other_classes(tmp_path: Path) -> None:
    refused(tmp_path, [*GOOD, GOOD[0] + "t"], "column 'ill', line 6: 'not' is none of no, yes", REVIEW)
    rows = [GOOD[0], GOOD[0].replace(",no", ",perhaps")]
    refused(tmp_path, rows, "target 'ill': no row has the class 'yes'", REVIEW)


def test_another_kind_of_target(tmp_path: Path) -> None:
    rows = [f"30,-3,0.002,no,left,{number / 2}" for number in range(30)]
    refused(tmp_path, rows, "column 'ill', line 2: holds numbers.*schema.yaml says classes", "set data.task")


def test_all_breaches_come_at_once(tmp_path: Path) -> None:
    rows = ["99,5,0.001,yes,left,no", "20,,0.001,yes,up,yes"]
    with pytest.raises(DataError) as caught:
        schema.enforce(inferred(tmp_path), table(tmp_path, rows, wanted()).frame)
    assert "4 problems" in caught.value.problem
    assert caught.value.remedy == REVIEW


def test_the_signature_is_what_the_service_enforces(tmp_path: Path) -> None:
    rules = inferred(tmp_path)
    contract = schema.signature(rules, "binary")
    assert contract.classes == ("no", "yes")
    row = {"age": None, "debt": -1.0, "dose": 0.9, "smoker": True, "site": "left"}
    assert {flag.problem for flag in contract.decode([row]).flags[0]} == {"missing", "out_of_range"}
    with pytest.raises(InvalidInput) as caught:
        contract.decode([{**row, "debt": None, "site": "above"}])
    assert {problem.pointer for problem in caught.value.problems} == {"/rows/0/debt", "/rows/0/site"}


class TestResolve:
    """Which schema counts: the reviewed one, unless params.yaml names other data."""

    def resolve(self, tmp_path: Path, rows: list[str] = GOOD, header: str = HEADER, **data: Any) -> schema.Schema:
        asked = wanted(**data)
        return schema.resolve(tmp_path / "schema.yaml", table(tmp_path, rows, asked, header), asked)

    def review(self, tmp_path: Path, **changes: Any) -> None:
        """Somebody edits what the file says of ages."""
        path = tmp_path / "schema.yaml"
        content = yaml.safe_load(path.read_text())
        content["features"]["age"].update(changes)
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def test_the_first_time_it_is_inferred_and_says_so(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING, logger="training"):
            rules = self.resolve(tmp_path)
        assert schema.load(tmp_path / "schema.yaml") == rules
        assert "inferred from mine.csv; review and commit it" in caplog.text

    def test_afterwards_the_reviewed_one_stands(self, tmp_path: Path) -> None:
        self.resolve(tmp_path)
        self.review(tmp_path, max=120.0)
        before = (tmp_path / "schema.yaml").read_bytes()
        assert self.resolve(tmp_path, [*GOOD, "110,-3,0.001,no,left,no"]).features["age"].max == 120.0
        assert (tmp_path / "schema.yaml").read_bytes() == before

    def test_another_table_gets_its_own(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        self.resolve(tmp_path)
        with caplog.at_level(logging.WARNING, logger="training"):
            rules = self.resolve(tmp_path, ["1,no", "2,yes"], "x,ill\n", path="other.csv")
        assert list(rules.features) == ["x"]
        assert "inferred anew" in caplog.text
        assert schema.load(tmp_path / "schema.yaml") == rules

    def test_dropping_a_column_keeps_what_was_reviewed(self, tmp_path: Path) -> None:
        self.resolve(tmp_path, drop=["debt"])
        self.review(tmp_path, max=120.0)
        rules = self.resolve(tmp_path, drop=["dose"])
        assert list(rules.features) == ["age", "debt", "smoker", "site"]
        assert rules.features["age"].max == 120.0
        assert schema.load(tmp_path / "schema.yaml") == rules

    def test_a_column_read_as_another_type_is_inferred_anew(self, tmp_path: Path) -> None:
        self.resolve(tmp_path)
        rules = self.resolve(tmp_path, types={"age": "text"})
        assert rules.features["age"].categories == ["20", "40", "60"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"min": 99}, "features.age: a number needs min and max.*correct them"),
        ({"mni": 1}, r"features.age.mni is no known key \(did you mean 'min'\?\)"),
        ({"categories": ["a"]}, "features.age: a number has no categories.*remove it"),
        (
            {"on_missing": "reject"},
            "features.age: max_missing allows what on_missing rejects.*on_missing: impute",
        ),
        ({"on_range": "ignore"}, "features.age.on_range: 'ignore' will not do.*'reject' or 'flag'"),
        ({"type": "integer"}, "features.age.type: 'integer' will not do.*'number', 'boolean' or 'text'"),
    ],
)
def test_a_malformed_schema_is_told_what_would_do(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    path = tmp_path / "schema.yaml"
    schema.save(inferred(tmp_path), path)
    content = yaml.safe_load(path.read_text())
    content["features"]["age"].update(change)
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(DataError) as caught:
        schema.load(path)
    assert "schema.yaml" in caught.value.problem
    assert re.search(expected, str(caught.value), re.DOTALL), str(caught.value)


def test_classes_given_twice_in_a_schema(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    schema.save(inferred(tmp_path), path)
    path.write_text(path.read_text().replace("[no, yes]", "[no, no]").replace("'no', 'yes'", "'no', 'no'"))
    with pytest.raises(DataError, match="target: takes classes, each once"):
        schema.load(path)


def test_a_schema_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "schema.yaml"
    schema.save(inferred(tmp_path), path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match=r"schema\.yaml"):
        schema.save(inferred(tmp_path, drop=["age"]), path)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mine.csv", "schema.yaml"]
