"""``readiness manifests``: resources only, from whatever prints YAML."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.commands.options import chosen, outcome, report_options
from readiness.controls import catalogue
from readiness.errors import NothingToJudge
from readiness.facts import Facts
from readiness.facts.manifests import read
from readiness.judge import judge
from readiness.reports import OF_RESULTS, Report


@click.command("manifests")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@report_options(OF_RESULTS)
def command(
    paths: tuple[str, ...],
    form: str,
    output: Path | None,
    only: tuple[str, ...],
    baseline: Path | None,
    environment: str,
) -> int:
    """Judge Kubernetes manifests: files, folders, or - for a stream such as that of helm template.

    Exit code: 0 all pass, 1 something mandatory fails or is not known, 2 there was nothing to judge.
    """
    resources = read(paths)
    if not resources.all and not resources.unread:
        raise NothingToJudge(
            f"{' '.join(paths)}: no Kubernetes object found; {'; '.join(resources.notes) or 'it is empty'}"
        )
    facts = Facts(resources=resources, environment=environment)
    results = judge(chosen(catalogue("resources"), only), facts, whole=False)
    return outcome(Report(environment, tuple(results), notes=resources.notes), form, output, baseline)
