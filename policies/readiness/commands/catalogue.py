"""``readiness catalogue``: every control, as a page of Markdown."""

from __future__ import annotations

import click

from readiness.checklist import ITEMS
from readiness.control import AnyControl
from readiness.controls import catalogue


@click.command("catalogue")
def command() -> int:
    """List every control: what it demands, why, what to do, and where the demand comes from."""
    click.echo("# Controls\n\nMade by `readiness catalogue`.")
    for item in ITEMS.values():
        click.echo(f"\n## {item.id} {item.title}\n\nMet when {item.met}.")
        for one in catalogue():
            if one.item == item.id:
                click.echo(f"\n{page(one)}")
    return 0


def page(one: AnyControl) -> str:
    """What a control is, in Markdown."""
    where = "" if one.environments[0] == "dev" else f", in {' and '.join(one.environments)}"
    lines = (
        f"### {one.id}\n",
        f"{one.title} ({one.severity}, {one.kind}, {'mandatory' if one.mandatory else 'advisory'}{where}).\n",
        f"- Why: {one.why}",
        f"- Do: `{one.remedy}`",
        f"- Sources: {'; '.join(one.sources)}",
    )
    return "\n".join(lines)
