"""Reading tables: what is understood, and what each bad one is told."""

from __future__ import annotations

import datetime
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.errors import DataError
from training.params import Data, Slice
from training.table import Table, read

GOOD = "age,smoker,site,ill\n41,yes,left,no\n52.5,no,right,yes\n,Yes,NA,no\n63,,left,yes\n"


def read_csv(tmp_path: Path, content: str | bytes, name: str = "mine.csv", **data: Any) -> Table:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(Data(path=name, **{"target": "ill", **data}), tmp_path)


def read_parquet(tmp_path: Path, columns: dict[str, Any], **data: Any) -> Table:
    pq.write_table(pa.table(columns), tmp_path / "mine.parquet")
    return read(Data(path="mine.parquet", **{"target": "ill", **data}), tmp_path)


def refused(tmp_path: Path, content: str | bytes, problem: str, remedy: str, **data: Any) -> None:
    with pytest.raises(DataError) as caught:
        read_csv(tmp_path, content, **data)
    check(caught.value, problem, remedy)


def check(error: DataError, problem: str, remedy: str, file: str = "mine.csv") -> None:
    assert error.problem.startswith(file), error
    assert re.search(problem, error.problem, re.DOTALL), error
    assert re.search(remedy, str(error), re.DOTALL), error
    assert error.exit_code == 2


def lines(*values: str, column: str = "x") -> str:
    """A table of one column, and a target that alternates."""
    rows = [f"{value},{'yes' if number % 2 else 'no'}" for number, value in enumerate(values)]
    return "\n".join([f"{column},ill", *rows, ""])


def test_types_and_missing_values_are_found(tmp_path: Path) -> None:
    table = read_csv(tmp_path, GOOD)
    assert table.frame["age"].tolist()[:2] == [41.0, 52.5]
    assert table.frame["smoker"].tolist() == [True, False, True, pd.NA]
    assert table.frame["site"].isna().tolist() == [False, False, True, False]
    assert table.frame["ill"].tolist() == ["no", "yes", "no", "yes"]
    assert table.frame.index.tolist() == [2, 3, 4, 5]
    assert (table.features, table.task) == (("age", "smoker", "site"), "binary")


@pytest.mark.parametrize("missing", ["", " ", "NA", "NaN", "nan", "null", "NULL", "None", "N/A"])
def test_spellings_of_missing(tmp_path: Path, missing: str) -> None:
    table = read_csv(tmp_path, lines("1", missing, "2.5", "3"))
    assert table.frame["x"].isna().tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace(",", " , "),
        GOOD.replace("age,smoker", '"age","smoker"').replace(",", ";"),
        GOOD + "\n  \n",
        GOOD.removesuffix("\n"),
    ],
    ids=["BOM", "CRLF", "CR", "semicolons", "tabs", "blanks", "quotes", "empty lines", "no last newline"],
)
def test_other_spellings_of_the_same_table(tmp_path: Path, content: str | bytes) -> None:
    expected = read_csv(tmp_path, GOOD).frame
    pd.testing.assert_frame_equal(read_csv(tmp_path, content).frame, expected)


def test_lines_are_counted_through_quoted_line_breaks(tmp_path: Path) -> None:
    content = 'note,age,ill\n"two\nlines",1,yes\n\none,abc,no\none,2,yes\n'
    refused(tmp_path, content, "column 'age', line 5: 'abc'", "correct the cell")


def test_numbers_keep_all_their_digits(tmp_path: Path) -> None:
    table = read_csv(tmp_path, lines("0.1", "+.5", "5.", "-1e-3", "007"))
    assert table.frame["x"].tolist() == [0.1, 0.5, 5.0, -0.001, 7.0]


def test_declared_types_win(tmp_path: Path) -> None:
    content = "code,flag,ill\n007,1,yes\n012,0,no\nA3,1,no\n"
    frame = read_csv(tmp_path, content, types={"code": "text", "flag": "boolean"}).frame
    assert frame["code"].tolist() == ["007", "012", "A3"]
    assert frame["flag"].tolist() == [True, False, True]


def test_dropped_columns_are_not_looked_at(tmp_path: Path) -> None:
    table = read_csv(tmp_path, "bad,age,ill\n1,1,yes\nabc,2,no\n", drop=["bad"])
    assert table.features == ("age",)
    assert "bad" not in table.frame


def test_a_dropped_column_can_name_a_slice(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(GOOD)
    data = Data(path="mine.csv", target="ill", drop=["site"])
    table = read(data, tmp_path, [Slice(name="left", column="site", equals="left")])
    assert "site" in table.frame
    assert table.features == ("age", "smoker")


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="training"):
        table = read_csv(tmp_path, "age,ill\n1,yes\n2,\n3,no\n4,NA\n")
    assert table.frame.index.tolist() == [2, 4]
    assert "mine.csv: 2 rows without 'ill' are left out" in caplog.text


def test_time_and_group_columns_are_no_features(tmp_path: Path) -> None:
    content = "day,age,ill\n2026-01-31,1,yes\n2026-02-01T10:00:00+02:00,2,no\n"
    table = read_csv(tmp_path, content, time="day")
    assert table.features == ("age",)
    assert table.frame["day"].iloc[1] == pd.Timestamp("2026-02-01T08:00Z")
    table = read_csv(tmp_path, content.replace("day", "who"), group="who")
    assert table.features == ("age",)
    assert table.frame["who"].tolist()[0] == "2026-01-31"


def test_times_may_be_numbers(tmp_path: Path) -> None:
    table = read_csv(tmp_path, "year,age,ill\n2025,1,yes\n2026,2,no\n", time="year")
    assert table.frame["year"].tolist() == [2025.0, 2026.0]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["yes", "no"] * 5, "binary"),
        (["1", "0"] * 5, "binary"),
        (["0.5", "1.5"] * 5, "binary"),
        (["a", "b", "c"], "multiclass"),
        (["1", "2", "3"] * 10, "multiclass"),
        (["1", "2", "3"], "regression"),
        (["1", "2", "3.5"] * 10, "regression"),
        ([str(n) for n in range(21)] * 10, "regression"),
    ],
)
def test_the_task_is_inferred(tmp_path: Path, values: list[str], task: str) -> None:
    content = "\n".join(["age,ill", *(f"{n},{value}" for n, value in enumerate(values))])
    assert read_csv(tmp_path, content).task == task


def test_a_declared_task_wins(tmp_path: Path) -> None:
    content = "\n".join(["age,ill", *(f"{n},{n % 3}" for n in range(30))])
    table = read_csv(tmp_path, content, task="regression")
    assert table.frame["ill"].dtype == np.float64
    assert read_csv(tmp_path, content).frame["ill"].unique().tolist() == ["0", "1", "2"]


@pytest.mark.parametrize("example", ["breast-cancer", "wine", "diabetes"])
def test_examples_are_the_same_each_time(tmp_path: Path, example: Any) -> None:
    target = {"breast-cancer": "diagnosis", "wine": "cultivar", "diabetes": "progression"}[example]
    first, second = (read(Data(example=example, target=target), tmp_path) for _ in range(2))
    assert first.digest == second.digest
    assert first.source == f"example:{example}"
    assert not [name for name in first.frame if re.search(r"[^a-z0-9 -]", name)]


def test_the_digest_is_over_the_bytes_of_the_file(tmp_path: Path) -> None:
    first = read_csv(tmp_path, GOOD)
    assert re.fullmatch("sha256:[0-9a-f]{64}", first.digest)
    assert first.digest == read_csv(tmp_path, GOOD, name="other.csv").digest
    assert first.digest != read_csv(tmp_path, GOOD + "1,no,left,no\n").digest


BAD_FILES = {
    "empty": (b"", "empty file", "write a line of column names"),
    "blank": ("\n \n", "empty file", "write a line of column names"),
    "header only": ("age,ill\n", "a header but no rows", "add rows"),
    "not UTF-8": (
        b"age,ill\n1,yes\n2,caf\xe9\n",
        r"line 3: not UTF-8 \(byte 20 of the file\)",
        "save the file as UTF-8",
    ),
    "UTF-16": (GOOD.encode("utf-16"), "line 1: not UTF-8", "save the file as UTF-8"),
    "zero byte": (b"age,ill\n1,\x00\n", "line 2: holds a zero byte", "export the table as CSV"),
    "duplicate": (
        "age,age,ill\n1,2,no\n",
        "line 1: two columns are named 'age'",
        "rename or remove column 2",
    ),
    "nameless": (",age,ill\n0,1,no\n", "line 1: column 1 has no name", "without its row numbers"),
    "too long": (
        "a,ill\n1,no\n2,yes,3\n",
        r"line 3: 3 cells for 2 columns \(ends in '3'\)",
        "one cell for each",
    ),
    "too short": ("a,b,ill\n1,2,no\n2\n", "line 3: 1 cells for 3 columns", "one cell for each"),
    "open quote": ('a,ill\n1,no\n"2,yes\n', "line 3: malformed CSV", "close each quote"),
    "no target": ("age,Ill \n1,no\n", r"no column 'ill' \(did you mean 'Ill'\?\)", "data.target.*age, Ill"),
    "all rows missing": ("age,ill\n,\nNA,\n", "every cell of every row is empty", "write the values"),
    "target missing": ("age,ill\n1,\n2,NA\n", "target 'ill' has no value in any row", "fill in the column"),
    "one class": (
        "age,ill\n1,no\n2,no\n",
        "target 'ill' has the one value 'no' in all 2 rows",
        "other values",
    ),
    "constant": ("age,ill\n1,5\n2,5\n", "target 'ill' has the one value '5.0'", "other values"),
    "column missing": ("age,ill\n,no\n,yes\n", "column 'age' has no value in any row", r"data.drop: \[age\]"),
    "no feature": ("ill\nno\nyes\n", "no column is left to predict from", "add columns"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_told_what_would_mend_it(tmp_path: Path, name: str) -> None:
    content, problem, remedy = BAD_FILES[name]
    refused(tmp_path, content, problem, remedy)


BAD_COLUMNS = {
    "text among numbers": (
        lines("1", "2", "3", "abc", "?"),
        r"column 'x', line 5: 'abc' is no number \(the column has 3 numbers and 2 texts\)",
        r"correct the cell.*data.types: \{x: text\}.*data.drop: \[x\]",
        {},
    ),
    "number among texts": (
        lines("a", "b", "a", "7"),
        "column 'x', line 5: '7' is a number among texts",
        r"correct the cell.*data.types: \{x: text\}",
        {},
    ),
    "decimal comma": (
        lines('"1,5"', '"1.234,5"', "2"),
        "column 'x', line 2: '1,5' is a number written with a comma",
        "write 1234.5",
        {},
    ),
    "declared number": (
        lines("1", "b"),
        "column 'x', line 3: 'b' is no number",
        "correct the cell",
        {"x": "number"},
    ),
    "declared boolean": (
        lines("yes", "maybe"),
        "column 'x', line 3: 'maybe' is no true or false",
        "write true/false",
        {"x": "boolean"},
    ),
    "infinite": (
        lines("1", "-inf", "Infinity"),
        r"column 'x', line 3: infinite.*2 rows",
        "leave the cell empty",
        {},
    ),
    "overflow": (
        lines("1", "2", "1e39"),
        "column 'x', line 4: infinite or beyond 32 bits",
        "leave the cell",
        {},
    ),
}


@pytest.mark.parametrize("name", BAD_COLUMNS)
def test_a_bad_cell_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    content, problem, remedy, types = BAD_COLUMNS[name]
    refused(tmp_path, content, problem, remedy, types=types)


def test_all_bad_columns_come_at_once(tmp_path: Path) -> None:
    content = "a,b,c,ill\n1,1,1,yes\nx,inf,2,no\n"
    refused(tmp_path, content, "2 problems.*column 'a', line 3.*column 'b', line 3", "each as it says")


def test_an_identifier_is_recognised(tmp_path: Path) -> None:
    content = "\n".join(["who,age,ill", *(f"id-{n},{n},{'yes' if n % 2 else 'no'}" for n in range(201))])
    refused(tmp_path, content, "text column 'who' has 201 distinct values, more than 200", r"data.drop: \[who\]")
    assert read_csv(tmp_path, content, group="who").features == ("age",)
    assert read_csv(tmp_path, content, drop=["who"]).features == ("age",)


def test_too_many_classes(tmp_path: Path) -> None:
    content = "\n".join(["age,ill", *(f"{n},label-{n}" for n in range(201))])
    refused(tmp_path, content, "target 'ill' has 201 classes, more than 200", "identifier or free text")


@pytest.mark.parametrize("key", ["drop", "time", "group", "types"])
def test_unknown_columns_in_params(tmp_path: Path, key: str) -> None:
    value: Any = {"drop": ["agee"], "types": {"agee": "text"}}.get(key, "agee")
    problem = r"no column 'agee' \(did you mean 'age'\?\)"
    refused(tmp_path, GOOD, problem, f"data.{key} in params.yaml; the columns are: age, smoker", **{key: value})


def test_slices_must_fit_their_columns(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(GOOD)
    data = Data(path="mine.csv", target="ill")
    with pytest.raises(DataError) as caught:
        read(data, tmp_path, [Slice(name="left", column="seit", equals="left")])
    check(caught.value, r"no column 'seit' \(did you mean 'site'\?\)", "slices 'left' in params.yaml")
    with pytest.raises(DataError) as caught:
        read(data, tmp_path, [Slice(name="left", column="site", max=1.0)])
    check(caught.value, "slice 'left' has min or max on column 'site'", "use equals")


def test_bad_times(tmp_path: Path) -> None:
    content = "day,age,ill\n2026-01-31,1,yes\n31.01.2026,2,no\n2026-13-01,2,no\n"
    refused(tmp_path, content, r"'day', line 3: '31.01.2026' is no time \(2 rows", "2026-01-31", time="day")
    refused(tmp_path, "day,a,ill\n2026-01-31,1,no\n,2,no\n", "'day', line 3: no value", "fill it in", time="day")
    refused(tmp_path, "who,a,ill\nx,1,no\n,2,no\n", "'who', line 3: no value", "remove the row", group="who")


@pytest.mark.parametrize(
    ("target", "task", "problem", "remedy"),
    [
        ("abc", "binary", "data.task is binary, but target 'ill' has 3 distinct values", "multiclass"),
        ("aba", "multiclass", "data.task is multiclass, but target 'ill' has 2 distinct values", "binary"),
        ("12b", "regression", "column 'ill', line 4: 'b' is no number", "correct the cell"),
    ],
)
def test_a_declared_task_is_checked(tmp_path: Path, target: str, task: str, problem: str, remedy: str) -> None:
    content = "\n".join(["age,ill", *(f"{n},{value}" for n, value in enumerate(target))])
    refused(tmp_path, content, problem, remedy, task=task)


def test_regression_on_texts_is_refused(tmp_path: Path) -> None:
    problem = "data.task is regression, but target 'ill' holds texts, as 'no'"
    refused(tmp_path, GOOD, problem, "set data.task", task="regression", types={"ill": "text"})


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(Data(path="gone.csv", target="ill"), tmp_path)
    check(caught.value, f"cannot be read .*{re.escape(str(tmp_path))}", "data.path in params.yaml", "gone.csv")


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").mkdir()
    with pytest.raises(DataError) as caught:
        read(Data(path="mine.csv", target="ill"), tmp_path)
    check(caught.value, "cannot be read", "data.path")


def test_an_unknown_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_csv(tmp_path, GOOD, name="mine.xlsx")
    check(caught.value, "'.xlsx' is no kind of table", r"\.csv.*\.parquet", "mine.xlsx")


def test_parquet_brings_its_types(tmp_path: Path) -> None:
    columns = {
        "count": pa.array([1, None, 3], pa.int32()),
        "ok": [True, None, False],
        "site": pa.array(["left", None, "right"]).dictionary_encode(),
        "digits": ["1", "2", "3"],
        "day": pa.array([datetime.date(2026, 1, day) for day in (1, 2, 3)]),
        "ill": [True, False, True],
        "__index_level_0__": [7, 8, 9],
    }
    table = read_parquet(tmp_path, columns, time="day", types={"digits": "number"})
    frame = table.frame
    assert table.features == ("count", "ok", "site", "digits")
    assert [str(frame[name].dtype) for name in table.features] == ["float64", "boolean", "str", "float64"]
    assert frame["count"].isna().tolist() == [False, True, False]
    assert frame["ill"].tolist() == ["true", "false", "true"]
    assert frame["day"].is_monotonic_increasing
    assert frame.index.name == "row"


def test_csv_and_parquet_give_the_same_table(tmp_path: Path) -> None:
    first = read_csv(tmp_path, GOOD).frame.reset_index(drop=True)
    first.to_parquet(tmp_path / "same.parquet")
    second = read(Data(path="same.parquet", target="ill"), tmp_path).frame.reset_index(drop=True)
    pd.testing.assert_frame_equal(first, second)


def test_bad_parquet(tmp_path: Path) -> None:
    ill = [True, False]
    moment = [datetime.datetime(2026, 1, 1)] * 2
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"when": moment, "ill": ill}, "column 'when' is of type timestamp", r"data.drop: \[when\]"),
        ({"many": [[1], [2]], "ill": ill}, "column 'many' is of type list", "store numbers"),
        ({"x": [1.0, float("inf")], "ill": ill}, "column 'x', row 2: infinite", "leave the cell empty"),
        ({"x": pa.nulls(2), "ill": ill}, "column 'x' has no value in any row", "fill it in"),
        ({"x": [1.0, 2.0]}, "no column 'ill'", "data.target"),
        ({"x": pa.array([], pa.int8()), "ill": pa.array([], pa.bool_())}, "holds no rows", "some"),
    ]
    for columns, problem, remedy in cases:
        with pytest.raises(DataError) as caught:
            read_parquet(tmp_path, columns)
        check(caught.value, problem, remedy, "mine.parquet")


def test_parquet_with_duplicate_names(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["x"])], names=["a", "a", "ill"])
    pq.write_table(twice, tmp_path / "mine.parquet")
    with pytest.raises(DataError) as caught:
        read(Data(path="mine.parquet", target="ill"), tmp_path)
    check(caught.value, "two columns are named 'a'", "rename or remove", "mine.parquet")


@pytest.mark.parametrize("content", [b"", b"age,ill\n1,yes\n", b"PAR1PAR1PAR1"])
def test_a_file_that_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError) as caught:
        read_csv(tmp_path, content, name="mine.parquet")
    check(caught.value, "empty file|no sound Parquet", "as Parquet again", "mine.parquet")
