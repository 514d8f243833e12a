"""``readiness evidence``: writes down what was tried, and finds out what was changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from readiness.control import ENVIRONMENTS
from readiness.errors import BadRequest, NothingToJudge
from readiness.facts.evidence import Evidence, read
from readiness.facts.record import KINDS, RESULTS, SCHEMA, digest, moment
from readiness.facts.repository import Repository
from readiness.facts.signatures import sign

FOLDER = "evidence"
repo_option = click.option("--repo", default=".", type=click.Path(path_type=Path), help="The repository.")


@click.group("evidence")
def command() -> None:
    """Keep evidence of drills, load tests, restores and scans, and verify it."""


@command.command("add")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--environment", type=click.Choice(ENVIRONMENTS), required=True, help="Where it was done.")
@click.option("--tool", required=True, help="With what, such as locust or kubectl.")
@click.option("--result", type=click.Choice(RESULTS), required=True)
@click.option("--value", "values", multiple=True, metavar="NAME=VALUE", help="What was measured; may be repeated.")
@click.option("--commit", help="The commit that it was done with; what is checked out when left out.")
@click.option("--time", help="When it ended, as 2026-01-31T12:00:00+00:00; now when left out.")
@click.option("--sign", "key", type=click.Path(path_type=Path), help="A private Ed25519 key in PEM.")
@click.option("--signer", help="Whose key it is, as in approvers.toml or evidence/signers.toml.")
@repo_option
def add(
    kind: str,
    environment: str,
    tool: str,
    result: str,
    values: tuple[str, ...],
    commit: str | None,
    time: str | None,
    key: Path | None,
    signer: str | None,
    repo: Path,
) -> int:
    """Write down what was tried, in evidence/ of the repository, chained to the record before. Commit the file.

    For example: readiness evidence add rollback-drill --environment prod --tool kubectl --result pass
    --value seconds=40 --value objective_seconds=300
    """
    if bool(key) != bool(signer):
        raise BadRequest("--sign and --signer go together: name both the key and whose it is")
    repository = Repository.at(repo)
    known = read(repository)
    told: dict[str, Any] = {"schema": SCHEMA, "kind": kind, "environment": environment, "tool": tool, "result": result}
    told["commit"] = commit or repository.commit
    if not told["commit"]:
        raise BadRequest("--commit: nothing is checked out here; name the commit that it was done with")
    told["time"] = when(time, known).isoformat(timespec="seconds")
    told["values"] = measured(kind, values)
    told["previous"] = known.last_digest
    if signer:
        told["signer"] = signer
    told["digest"] = digest(told)
    if key:
        told["signature"] = sign(told["digest"], key)
    file = keep(repo, told)
    click.echo(f"{file}: commit it")
    return 0


def when(text: str | None, known: Evidence) -> datetime:
    """When it ended.

    Raises:
        BadRequest: that is no moment, is in the future, or is before the last record, which would break the chain.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    found = moment(text) if text else now
    if found is None or found > now:
        raise BadRequest(f"--time {text}: name a moment that has passed, such as 2026-01-31T12:00:00+00:00")
    last = max((one.time for one in known.all), default=None)
    if last and found < last:
        raise BadRequest(f"--time {text}: the last record is of {last.isoformat()}, and records are kept in order")
    return found.astimezone(UTC)


def measured(kind: str, values: tuple[str, ...]) -> dict[str, Any]:
    """What was measured, by name. Raises ``BadRequest`` if something that the kind needs is missing."""
    found: dict[str, Any] = {}
    for one in values:
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise BadRequest(f"--value {one}: write NAME=VALUE, such as seconds=40")
        found[name] = number_or_text(value)
    missing = [name for name in KINDS[kind] if name not in found]
    if missing:
        raise BadRequest(
            f"a {kind} says {' and '.join(missing)}: add " + " ".join(f"--value {name}=…" for name in missing)
        )
    return found


def number_or_text(value: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def keep(repo: Path, told: dict[str, Any]) -> Path:
    """Writes a record to a new file."""
    stamp = told["time"].replace("-", "").replace(":", "").removesuffix("+0000")
    file = repo / FOLDER / f"{stamp}Z-{told['kind']}.json"
    try:
        file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as handle:
            handle.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BadRequest(f"{file}: {error.strerror}") from None
    return file


@command.command("list")
@repo_option
def show(repo: Path) -> int:
    """List all evidence, newest first: what, where, how it ended, how old it is, and whether it counts."""
    now = datetime.now(UTC)
    evidence = read(Repository.at(repo))
    for one in evidence.all:
        trust = one.distrust or (f"signed by {one.signer}" if one.signer else "unsigned")
        age = f"{one.age(now).days:>4} days"
        click.echo(f"{one.time:%Y-%m-%d}  {age}  {one.kind:<18}  {one.environment:<7}  {one.result}  {trust}")
    for unread in evidence.unread:
        click.echo(f"{unread.file}: {unread.why}")
    if not evidence.all and not evidence.unread:
        click.echo("no evidence yet: readiness evidence add --help")
    return 0


@command.command("verify")
@repo_option
def verify(repo: Path) -> int:
    """Check every record: its digest, its place in the chain, its commit and its signature.

    Exit code: 0 all can be trusted, 1 some cannot, 2 there is none.
    """
    evidence = read(Repository.at(repo))
    if not evidence.all and not evidence.unread:
        raise NothingToJudge(f"{repo / FOLDER} holds no evidence: readiness evidence add --help")
    wrong = [f"{one.file}: {one.distrust}" for one in reversed(evidence.all) if one.distrust]
    wrong += [f"{one.file}: {one.why}" for one in evidence.unread]
    for line in wrong:
        click.echo(line)
    click.echo(f"{len(evidence.all) + len(evidence.unread)} records, {len(wrong)} of which cannot be trusted")
    return int(bool(wrong))
