"""Options that several commands share, and where a report goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from readiness.baseline import BLOCKING, read, worse
from readiness.checklist import ITEMS
from readiness.control import ENVIRONMENTS, AnyControl
from readiness.errors import BadRequest
from readiness.judge import Result
from readiness.reports import FORMATS, Report, render
from readiness.verdict import ready

Command = Callable[..., Any]


def report_options(command: Command) -> Command:
    """--format, --output, --only, --environment and --baseline."""
    for option in (
        click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", help="Form of the report."),
        click.option(
            "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file."
        ),
        click.option("--only", multiple=True, metavar="ITEM|CONTROL", help="Judge only these; may be repeated."),
        click.option(
            "--baseline",
            type=click.Path(path_type=Path, dir_okay=False),
            help="An earlier report in JSON: fail only on what got worse.",
        ),
        click.option("--environment", type=click.Choice(ENVIRONMENTS), default="prod", show_default=True),
    ):
        command = option(command)
    return command


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
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
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
    if report.items:
        return int(not ready(report.items))
    return int(any(one.control.mandatory and one.verdict in BLOCKING for one in report.results))


def named(results: list[Result]) -> str:
    return ", ".join(sorted({f"{one.control.id} of {one.finding.resource}" for one in results}))
