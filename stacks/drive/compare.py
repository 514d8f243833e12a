"""How an environment's settings differ from the others'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stacks.drive import files
from stacks.drive.order import Stack

ABSENT = "—"


def differences(environment: str, stacks: Sequence[Stack]) -> Iterator[str]:
    """Lines of a table for each stack: the settings that are not the same everywhere, this environment first."""
    for stack in stacks:
        others = [name for name in files.environments(stack) if name != environment]
        columns = {name: files.flat(files.read(stack, name).values) for name in (environment, *others)}
        names = sorted({name for column in columns.values() for name in column})
        rows = [[name, *(column.get(name, ABSENT) for column in columns.values())] for name in names]
        rows = [row for row in rows if len(set(row[1:])) > 1]
        yield f"{stack.name}: {len(rows)} of {len(names)} settings differ"
        yield from _table([["", *columns], *rows]) if rows else ()


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
