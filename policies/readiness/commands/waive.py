"""``readiness waive``: writes down that somebody answers for a gap until a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from readiness.controls import named
from readiness.errors import BadRequest
from readiness.facts.repository import Repository
from readiness.facts.unread import Unread
from readiness.facts.waivers import FILE, Waiver, waivers, written
from readiness.waiving import LONGEST, faults
from readiness.writing import write_whole


@click.command("waive")
@click.argument("control")
@click.option("--reason", required=True, help="Why the gap is borne for now.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help=f"The last day, at most {LONGEST.days} days ahead.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--resource", default="", help="The one thing it is in, as reports name it. Left out: all.")
@click.option("--repo", default=".", type=click.Path(path_type=Path), help="The repository.")
def command(control: str, reason: str, until: str, owner: str, resource: str, repo: Path) -> int:
    """Write down in readiness-waivers.yaml that a control need not pass until a date. Have it reviewed and commit it.

    A waived gap blocks nothing until then, never counts as a pass, and is shown in every report. An entry for the same
    control and resource is replaced.

    For example: readiness waive D4.progressive --until 2026-03-01 --owner ada@example.org
    --reason "Argo Rollouts comes with the cluster's update in February"
    """
    owner, reason, until, resource = (" ".join(text.split()) for text in (owner, reason, until, resource))
    new = Waiver(named(control).id, owner, reason, until, resource)
    if empty := [name for name in ("reason", "until", "owner") if not getattr(new, name)]:
        raise BadRequest(f"--{empty[0]} is empty: say {'who answers for the gap' if empty[0] == 'owner' else 'it'}")
    if wrong := list(faults(new, (), datetime.now(UTC).date())):
        raise BadRequest("; ".join(wrong))
    kept = [one for one in present(repo) if one.covers != new.covers]
    keep(repo / FILE, [*kept, new])
    click.echo(f"{repo / FILE}: {new.control} is waived until {new.until}; have it reviewed and commit it")
    return 0


def present(repo: Path) -> Sequence[Waiver]:
    """The entries that are there.

    Raises:
        BadRequest: the file cannot be read, so that writing it anew would lose something.
    """
    found = waivers(Repository.at(repo))
    for one in found:
        if isinstance(one, Unread):
            raise BadRequest(f"{repo / FILE}:{one.line}: {one.why}; {one.remedy}")
        if one.malformed:
            raise BadRequest(f"{repo / FILE}:{one.line}: {one.malformed[0]}; mend or delete this entry first")
    return [one for one in found if isinstance(one, Waiver)]


def keep(file: Path, entries: Sequence[Waiver]) -> None:
    try:
        write_whole(file, [written(entries)])
    except OSError as error:
        raise BadRequest(f"{file}: {error.strerror}; the user of the gate needs write access") from None
