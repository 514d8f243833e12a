"""``readiness preview``: what Pulumi programs would make, judged before it is made."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from readiness import preview
from readiness.commands.options import chosen, outcome, report_options
from readiness.controls import catalogue
from readiness.errors import BadRequest, NothingToJudge
from readiness.facts import Facts
from readiness.facts.kubernetes import gather
from readiness.facts.pulumi import read_plan
from readiness.facts.resources import Resources
from readiness.judge import judge
from readiness.reports import OF_RESULTS, Report
from readiness.writing import write_whole


@click.command("preview")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=click.Path(path_type=Path))
@click.option("--engine", is_flag=True, help="Take the plan of pulumi preview, which knows what is deployed already.")
@click.option(
    "--config",
    "settings",
    multiple=True,
    metavar="PROJECT:KEY=VALUE",
    help="A setting that the stack's file has not; may be repeated.",
)
@click.option("--python", default=sys.executable, help="The Python that has what the programs import.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the plan, for check --resources.")
@report_options(OF_RESULTS)
def command(
    folders: tuple[Path, ...],
    engine: bool,
    settings: tuple[str, ...],
    python: str,
    save: Path | None,
    form: str,
    output: Path | None,
    only: tuple[str, ...],
    baseline: Path | None,
    environment: str,
) -> int:
    """Judge what Pulumi programs plan, in the order in which they refer to one another.

    This runs the programs. Without --engine neither the Pulumi command nor an account is needed; what only a provider
    could tell is then unknown, and what depends on it is not evaluated.

    Exit code: 0 all pass, 1 something mandatory fails or is not known, 2 a program could not be run or plans nothing.
    """
    plan = planned(folders, environment, engine, python, settings)
    if save:
        keep(plan, save)
    found, unread = gather(read_plan(plan, save.as_posix() if save else "preview"))
    if not found and not unread:
        raise NothingToJudge(f"{' '.join(map(str, folders))}: nothing is planned that the gate knows")
    facts = Facts(resources=Resources(found, unread), environment=environment)
    results = judge(chosen(catalogue("resources"), only), facts, whole=False)
    return outcome(Report(environment, tuple(results)), form, output, baseline)


def planned(
    folders: tuple[Path, ...], environment: str, engine: bool, python: str, settings: tuple[str, ...]
) -> dict[str, Any]:
    """The plan of programs. Raises ``BadRequest`` for options that the engine would not heed."""
    if not engine:
        return preview.without_engine(folders, environment, python, given(settings))
    if settings:
        raise BadRequest("--config is for a preview without --engine: pulumi config set KEY VALUE tells the engine")
    if python != sys.executable:
        raise BadRequest("--python is for a preview without --engine: Pulumi.yaml says which one the engine runs")
    return preview.by_engine(folders, environment)


def given(settings: tuple[str, ...]) -> dict[str, str]:
    """Settings by their names. Raises ``BadRequest`` for what is none."""
    for one in settings:
        if "=" not in one:
            raise BadRequest(f"--config {one}: write PROJECT:KEY=VALUE")
    return dict(one.split("=", 1) for one in settings)


def keep(plan: dict[str, Any], save: Path) -> None:
    """Writes a plan. Secrets in it are marked or left out as Pulumi does, but it may hold them: keep it out of git."""
    try:
        write_whole(save, [json.dumps(plan)])
    except OSError as error:
        raise BadRequest(f"--save {save}: {error.strerror}; name a file in a folder that exists") from None
