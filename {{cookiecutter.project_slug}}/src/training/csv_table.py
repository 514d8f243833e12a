"""A CSV file as columns of text whose every row knows its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pandas as pd

from service.signature import FeatureType
from training import columns
from training.errors import DataError
from training.problems import Problems, quoted

_DELIMITERS = ",;\t"
_CHUNK = 20_000  # rows turned into columns at a time: Python strings take ten times the memory


class CsvTable:
    """The cells of a CSV file, typed column by column when asked.

    The delimiter is the one of comma, semicolon and tab that splits the header into most names. Blanks around
    cells do not count, nor do empty lines.

    Args:
        data: the bytes of the file.
        label: the file's name in messages.

    Raises:
        DataError: empty, not UTF-8, no header, a malformed line.
    """

    def __init__(self, data: bytes, label: str) -> None:
        self.label = label
        self._check_text(data)
        records = self._records(data, max(_DELIMITERS, key=lambda delimiter: self._width(data, delimiter)))
        line, header = next(records)
        self.names = [name.strip() for name in header]
        self._check_header(line)
        self._cells = self._read(records)
        if self._cells.empty:
            raise DataError(f"{label}: holds a header but no rows", "add rows below the line of column names")

    def column(self, name: str, declared: FeatureType | None, problems: Problems) -> pd.Series[Any]:
        """One column as number, boolean or text: as declared, else as its values are."""
        return columns.parse(self.text(name, problems), declared, problems)

    def times(self, name: str, problems: Problems) -> pd.Series[Any]:
        """One column as times or ordered numbers."""
        return columns.parse_times(self.text(name, problems), problems)

    def text(self, name: str, problems: Problems) -> pd.Series[Any]:
        """One column as it is written, without the blanks around it."""
        stripped = self._cells[name].str.strip()
        return stripped.mask(stripped.isin(list(columns.MISSING)))

    def _check_text(self, data: bytes) -> None:
        try:
            blank = not data.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            line = _line(data, error.start)
            raise DataError(
                f"{self.label}, line {line}: not UTF-8 (byte {error.start + 1} of the file)",
                "save the file as UTF-8: `iconv -f WINDOWS-1252 -t UTF-8`, or 'CSV UTF-8' in a spreadsheet",
            ) from error
        if blank:
            raise DataError(f"{self.label}: empty file", "write a line of column names and the rows below it")
        if (zero := data.find(0)) >= 0:
            raise DataError(
                f"{self.label}, line {_line(data, zero)}: holds a zero byte, so it is no CSV",
                "export the table as CSV",
            )

    def _width(self, data: bytes, delimiter: str) -> int:
        """How many names the header has when split by this delimiter; 0 when it cannot be."""
        try:
            return len(next(self._records(data, delimiter))[1])
        except DataError:
            return 0

    def _records(self, data: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Each record that is no empty line, with the line it begins on."""
        text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
        line = 1
        try:
            for record in reader:
                if len(record) > 1 or (record and record[0].strip()):
                    yield line, record
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(
                f"{self.label}, line {line}: malformed CSV ({error})",
                'close each quote, and write a quote inside quotes as ""',
            ) from error

    def _check_header(self, line: int) -> None:
        problems = Problems(f"{self.label}, line {line}", DataError)
        for number, name in enumerate(self.names, start=1):
            if not name:
                problems.add(f"column {number} has no name", "name it, or export the table without its row numbers")
            elif name in self.names[: number - 1]:
                problems.add(f"two columns are named '{name}'", f"rename or remove column {number}")
        problems.refuse()

    def _read(self, records: Iterator[tuple[int, list[str]]]) -> pd.DataFrame:
        lines: list[int] = []
        chunks: list[pd.DataFrame] = []
        while chunk := list(islice(records, _CHUNK)):
            for line, record in chunk:
                if len(record) != len(self.names):
                    raise self._ragged(line, record)
                lines.append(line)
            cells = zip(*(record for _, record in chunk), strict=True)
            chunks.append(pd.DataFrame(dict(zip(self.names, map(list, cells), strict=True)), dtype="str"))
        frame = pd.concat(chunks) if chunks else pd.DataFrame()
        return frame.set_axis(pd.Index(lines, name="line", dtype="int64"), axis="index")

    def _ragged(self, line: int, record: list[str]) -> DataError:
        cells = f"{len(record)} cells for {len(self.names)} columns"
        return DataError(
            f"{self.label}, line {line}: {cells} (ends in {quoted(record[-1])})",
            "give the line one cell for each column; put quotes round a cell that holds the delimiter",
        )


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
