"""What ``python -m training`` offers: one command for each step from a table to an approved model."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from training import settings, source
from training.layout import Layout
from training.settings import Settings

console = Console(highlight=False)


class Context:
    """What every step works on: the project's folder and what the environment says."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.settings: Settings = settings.load()

    @property
    def user(self) -> str:
        """E-mail of whoever runs the command."""
        return source.whoami(self.layout.root, self.settings.user)

    def registry(self) -> Any:
        """The registry of this project's model."""
        from training import params
        from training.registry import Registry

        return Registry(self.settings.tracking_uri, params.load(self.layout.params).model, self.layout.root)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(context: click.Context) -> None:
    """From a table to an approved model. Steps in order: data, train, evaluate, register, approve, pull."""
    logging.basicConfig(level=logging.WARNING, format="  %(message)s")
    logging.getLogger("training").setLevel(logging.INFO)
    context.obj = Context(Path.cwd())


@cli.command()
@click.pass_context
def run(context: click.Context) -> None:
    """The steps data, train and evaluate one after the other."""
    for step in (data, train, evaluate):
        began = time.monotonic()
        console.print(f"[bold]{step.name}[/]")
        context.invoke(step)
        console.print(f"  [dim]{time.monotonic() - began:.1f} s[/]")


@cli.command()
@click.pass_obj
def data(context: Context) -> None:
    """Read the table, check it against schema.yaml, set test rows aside."""
    from training import prepare

    facts = prepare.prepare(context.layout)
    console.print(
        f"  {facts['source']}: {facts['rows']} rows, {len(facts['signature']['features'])} features; "
        f"{facts['train']} to train, {facts['test']} to test ({facts['split']})"
    )
    console.print(f"  {facts['digest']}")


@cli.command()
@click.pass_obj
def train(context: Context) -> None:
    """Fit the model and its baseline, turn both into ONNX, prove that they answer alike."""
    from training import fit

    facts = fit.fit(context.layout)
    console.print(f"  converted to ONNX; largest difference on the test rows {facts['parity']:.1e}")


@cli.command()
@click.pass_obj
def evaluate(context: Context) -> None:
    """Measure the model on the test rows, plot it, pack the bundle, log the run."""
    from training import evaluate as step
    from training import runs

    measured = step.evaluate(context.layout)
    console.print(_metrics_table(measured))
    run_id = runs.log(context.registry(), context.layout, context.user)
    console.print(f"  bundle {runs.digest(context.layout)}\n  run    {run_id}")


@cli.command()
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@click.pass_obj
def gates(context: Context, markdown: bool) -> None:
    """Judge the evaluated model by the gates in params.yaml; exit code 1 if one fails."""
    from training import gates as rules
    from training import judge

    results = judge.judge(context.registry(), context.layout)
    if markdown:
        click.echo(rules.markdown(results))
    else:
        console.print(rules.table(results))
    rules.enforce(results)


@cli.command()
@click.pass_obj
def register(context: Context) -> None:
    """Make the evaluated model a candidate, if it passes the gates."""
    from training import gates as rules
    from training import judge, runs

    registry = context.registry()
    results = judge.judge(registry, context.layout)
    console.print(rules.table(results))
    rules.enforce(results)
    version, new = runs.register(registry, context.layout, context.user, local=context.settings.local)
    console.print(f"  version {version.version} {'is a candidate' if new else 'has this very bundle already'}")


@cli.command()
@click.argument("version", required=False)
@click.option("--approver", help="Your e-mail; left out: whose key it is by the list of approvers.")
@click.option("--note", default="", help="Why it may be served.")
@click.pass_obj
def approve(context: Context, version: str | None, approver: str | None, note: str) -> None:
    """Sign the approval of VERSION (the newest when left out) and make it the champion."""
    from training import approvals

    signer = approver or approvals.holder(context.settings) or context.user
    done = approvals.approve(context.registry(), version, context.settings, signer, note)
    console.print(f"  version {done.version} approved; `python -m training pull` fetches it for the service")


@cli.command()
@click.argument("version", required=False)
@click.pass_obj
def pull(context: Context, version: str | None) -> None:
    """Fetch the approved VERSION (the champion when left out) and switch the service to it."""
    from training import releases

    home = releases.pull(context.registry(), version, context.settings)
    console.print(f"  {context.settings.models / 'current'} → {home.name}")


@cli.command()
@click.option("--reason", default="", help="Why the present version is withdrawn.")
@click.pass_obj
def rollback(context: Context, reason: str) -> None:
    """Withdraw the champion and return to the version approved before it."""
    from training import releases

    old, new = releases.rollback(context.registry(), context.settings, context.user, reason)
    console.print(f"  version {old.version} withdrawn; version {new.version} is served again")


@cli.command()
@click.argument("run_ids", nargs=-1)
@click.option("--limit", default=5, show_default=True, help="How many of the newest runs, when none is named.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@click.pass_obj
def compare(context: Context, run_ids: tuple[str, ...], limit: int, markdown: bool) -> None:
    """Runs side by side: the parameters that differ, and all metrics against the champion's."""
    from training import comparison, runs

    records = runs.records(context.registry(), run_ids, limit)
    if markdown:
        click.echo(comparison.markdown(records))
    else:
        console.print(comparison.table(records))


@cli.command()
@click.argument("version", required=False)
@click.pass_obj
def lineage(context: Context, version: str | None) -> None:
    """Where VERSION (the champion when left out) comes from, each fact verified; exit code 1 if one is wrong."""
    from training import lineage as trace

    registry = context.registry()
    facts = trace.trace(registry, trace.choose(registry, version), context.settings, context.layout)
    marks = {"verified": "[green]✓[/]", "unverified": "[yellow]?[/]", "wrong": "[red]✗[/]"}
    table = Table("", "fact", Column("stated", overflow="fold"), "held against", box=None)
    for fact in facts:
        table.add_row(marks[fact.state], fact.name, fact.value, f"[dim]{fact.how}[/]")
    console.print(table)
    if any(fact.state == "wrong" for fact in facts):
        raise SystemExit(1)


@cli.command()
@click.argument("email")
@click.option("--trust", type=click.Path(path_type=Path), help="Add the public key to this list of approvers.")
@click.pass_obj
def keygen(context: Context, email: str, trust: Path | None) -> None:
    """Make an approver's key pair; prints the line for the list of approvers."""
    from training import approvals

    click.echo(approvals.keygen(email, context.settings.key, trust))
    click.echo(f"the private key is in {context.settings.key}: it never leaves this machine", err=True)


def _metrics_table(measured: dict[str, Any]) -> Table:
    table = Table("metric", "model", "baseline", *measured["slices"], box=None)
    for name, value in measured["model"].items():
        others = [measured["baseline"].get(name), *(part.get(name) for part in measured["slices"].values())]
        table.add_row(name, f"{value:.4f}", *("–" if v is None else f"{v:.4f}" for v in others))
    return table
