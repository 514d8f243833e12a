"""``readiness check``: the verdict on a whole service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import click

from readiness import verdict, waiving
from readiness.commands.options import FILE, chosen, outcome, report_options
from readiness.control import AnyControl, Kind
from readiness.controls import catalogue, named
from readiness.errors import BadRequest
from readiness.facts import Facts
from readiness.facts.evidence import read as read_evidence
from readiness.facts.gathering import resources_of
from readiness.facts.pages import pages
from readiness.facts.repository import Repository
from readiness.history import read as read_history
from readiness.judge import judge
from readiness.ml_test_score import ml_test_score
from readiness.reports import FORMATS, Report


@click.command("check")
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option("--resources", "manifests", multiple=True, metavar="PATH", help="Rendered manifests to judge with it.")
@click.option(
    "--runbooks",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Pages of another repository, such as the platform's, to which alerts of --resources lead.",
)
@click.option("--explain", metavar="CONTROL", help="Say what a control demands and why, and judge nothing.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(get_args(Kind)), help="Judge by these facts alone.")
@click.option("--history", multiple=True, type=FILE, help="An earlier report in JSON, for the trend of --format html.")
@report_options(FORMATS)
def command(
    repo: Path,
    manifests: tuple[str, ...],
    runbooks: tuple[Path, ...],
    explain: str | None,
    kinds: tuple[Kind, ...],
    history: tuple[Path, ...],
    form: str,
    output: Path | None,
    only: tuple[str, ...],
    baseline: Path | None,
    environment: str,
) -> int:
    """Judge a repository, the resources it deploys and its evidence against the 25 items of production readiness.

    Nothing of the repository is executed. What has to be rendered first is given with --resources.
    """
    if explain:
        return explained(explain)
    if history and (form != "html" or only or kinds):
        raise BadRequest("--history goes with --format html, and without --only and --kind: a part has no trend")
    earlier = read_history(history, environment)
    repository = Repository.at(repo)
    resources = resources_of(repository, manifests)
    elsewhere = frozenset(page.name for folder in runbooks for page in pages(Repository.at(folder)))
    facts = Facts(repository, resources, read_evidence(repository), environment, runbooks=elsewhere)
    report = judged(facts, chosen(catalogue(*kinds), only), partial=bool(only or kinds))
    return outcome(replace(report, history=earlier), form, output, baseline)


def judged(facts: Facts, controls: tuple[AnyControl, ...], partial: bool) -> Report:
    """What these controls, and the waivers of the repository, say of the facts."""
    held = waiving.sound(facts)
    results = waiving.apply(judge(controls, facts, whole=True), held)
    items = verdict.items(controls, results)
    if partial:
        items = {id: one for id, one in items.items() if one.controls}
    return Report(
        facts.environment,
        tuple(results),
        items,
        score=verdict.score(items),
        ml_test_score=None if partial else ml_test_score(facts),
        commit=facts.repository.commit,
        notes=(*facts.resources.notes, *waiving.unneeded(results, held, controls)),
        partial=partial,
        evidence=facts.evidence.all,
        now=facts.now,
    )


def explained(id: str) -> int:
    from readiness.commands.catalogue import page

    click.echo(page(named(id)))
    return 0
