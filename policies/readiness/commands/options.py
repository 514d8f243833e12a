"""Options that several commands share, and where a report goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from readiness.checklist import ITEMS
from readiness.control import ENVIRONMENTS, AnyControl
from readiness.errors import BadRequest
from readiness.reports import FORMATS, Report, render

Command = Callable[..., Any]


def report_options(command: Command) -> Command:
    """--format, --output, --only and --environment."""
    for option in (
        click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", help="Form of the report."),
        click.option(
            "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file."
        ),
        click.option("--only", multiple=True, metavar="ITEM|CONTROL", help="Judge only these; may be repeated."),
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
    text = render(report, form)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"--output {output}: {error.strerror}; name a file in a folder that exists") from None
