"""Options that several commands share, and where a report goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from readiness.baseline import read, worse
from readiness.checklist import ITEMS
from readiness.control import ENVIRONMENTS, AnyControl
from readiness.errors import BadRequest
from readiness.judge import Result
from readiness.reports import Report, render
from readiness.writing import encoded, write_whole

Command = Callable[..., Any]
FILE = click.Path(path_type=Path, dir_okay=False)


def report_options(forms: Iterable[str]) -> Callable[[Command], Command]:
    """--format with these forms, --output, --only, --environment and --baseline."""
    options: tuple[Callable[[Command], Command], ...] = (
        click.option("--format", "form", type=click.Choice(list(forms)), default="table", help="Form of the report."),
        click.option("--output", type=FILE, help="Write the report to this file, whole or not at all."),
        click.option("--only", multiple=True, metavar="ITEM|CONTROL", help="Judge only these; may be repeated."),
        click.option("--baseline", type=FILE, help="An earlier report in JSON: fail only on what got worse."),
        click.option("--environment", type=click.Choice(ENVIRONMENTS), default="prod", show_default=True),
    )

    def add(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return add


def chosen(controls: tuple[AnyControl, ...], only: tuple[str, ...]) -> tuple[AnyControl, ...]:
    """The controls that ``--only`` leaves: those of these items, and those of these ids.

    Raises:
        BadRequest: a name is neither.
    """
    names = {name.strip() for part in only for name in part.split(",")}
    known = {*ITEMS, *(one.id for one in controls)}
    if wrong := sorted(names - known):
        raise BadRequest(f"--only {', '.join(wrong)}: neither an item (D1 to G5) nor a control of readiness catalogue")
    return tuple(one for one in controls if not names or one.item in names or one.id in names)


def publish(report: Report, form: str, output: Path | None) -> None:
    """Prints the report, or writes it to a file.

    Raises:
        BadRequest: the file cannot be written.
    """
    pieces = render(report, form)
    if output is None:
        sys.stdout.buffer.writelines(encoded(piece) for piece in pieces)
        sys.stdout.buffer.flush()
        return
    try:
        write_whole(output, pieces)
    except OSError as error:
        raise BadRequest(f"--output {output}: {error.strerror}; name a file in a folder that exists") from None


def outcome(report: Report, form: str, output: Path | None, baseline: Path | None) -> int:
    """Publishes a report and gives the exit code: 0 ready, 1 not ready; with a baseline, 1 if anything got worse."""
    before = read(baseline) if baseline else None
    if before is not None:
        new = worse(report.results, before)
        note = f"{len(new)} results that block are not in {baseline}: " + (named(new) if new else "nothing got worse")
        publish(replace(report, notes=(*report.notes, note)), form, output)
        return int(bool(new))
    publish(report, form, output)
    return int(not report.ready)


def named(results: list[Result]) -> str:
    return ", ".join(sorted({f"{one.control.id} of {one.finding.resource}" for one in results}))
