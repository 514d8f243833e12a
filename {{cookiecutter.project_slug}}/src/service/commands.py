"""The commands beside ``serve``: API keys, the record of decisions, and what the settings are."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from service import audit, auth
from service.errors import SettingsError
from service.settings import Settings

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def duration(text: str) -> timedelta:
    """Read ``30m``, ``12h``, ``90d`` or ``4w``."""
    found = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 30m, 12h, 90d or 4w")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write 2026-01-31") from None


def add_keys(commands: Commands) -> None:
    """``keys create | rotate | list | revoke``."""
    actions = commands.add_parser("keys", help="API keys").add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key, print it once, keep its hash")
    rotate = actions.add_parser("rotate", help="make another key; the present ones go on working for a while")
    revoke = actions.add_parser("revoke", help="let a holder's keys no longer in")
    for action in (create, rotate, revoke):
        action.add_argument("name", help="who holds it")
    for action in (create, rotate):
        action.add_argument("--scopes", nargs="+", metavar="SCOPE", help=f"of {', '.join(auth.SCOPES)}")
        action.add_argument("--expires", type=duration, metavar="DURATION", help="how long it works, such as 90d")
    rotate.add_argument("--overlap", type=duration, default=timedelta(days=1), help="how long the old ones go on: 1d")
    revoke.add_argument("--id", help="only this one of them, as listed")
    create.set_defaults(run=_create, overlap=None)
    rotate.set_defaults(run=_create)
    revoke.set_defaults(run=_revoke)
    actions.add_parser("list", help="who holds keys, and until when").set_defaults(run=_list)


def add_audit(commands: Commands) -> None:
    """``audit keys | verify``."""
    actions = commands.add_parser("audit", help="the record of decisions").add_subparsers(dest="action", required=True)
    actions.add_parser("keys", help="make the keys that sign it").set_defaults(run=_audit_keys)
    verify = actions.add_parser("verify", help="find whatever was changed, dropped, reordered or cut off")
    verify.add_argument("folder", nargs="?", type=Path, help="the record; by default the service's own")
    verify.add_argument(
        "--key", action="append", type=Path, metavar="FILE", help="public key; one of several if repeated"
    )
    verify.add_argument("--heads", type=Path, metavar="LOG", help="log in which the service wrote the heads it signed")
    verify.add_argument("--since", type=_day, metavar="DATE", help="what began before need not be there any more")
    verify.set_defaults(run=_verify)


def _create(found: Settings, chosen: argparse.Namespace) -> int:
    print(auth.create_key(found.api_keys, chosen.name, chosen.scopes, chosen.expires, chosen.overlap))
    return 0


def _list(found: Settings, chosen: argparse.Namespace) -> int:
    for key in auth.list_keys(found.api_keys):
        ends = f"expires {key.expires:%Y-%m-%d %H:%M} UTC" if key.expires else "does not expire"
        print(f"{key.holder:24} {key.id}  {','.join(key.scopes):24} made {key.created:%Y-%m-%d}  {ends}")
    return 0


def _revoke(found: Settings, chosen: argparse.Namespace) -> int:
    number = auth.revoke_key(found.api_keys, chosen.name, chosen.id)
    print(f"{number} revoked; running services notice within {found.reload_seconds:g} s")
    return 0


def _audit_keys(found: Settings, chosen: argparse.Namespace) -> int:
    print(audit.create_keys(found.audit_key, found.audit_input_key))
    return 0


def _verify(found: Settings, chosen: argparse.Namespace) -> int:
    folder = chosen.folder or found.audit
    if folder is None:
        raise SettingsError("no record is kept (SERVICE_AUDIT is none); name a folder")
    keys = audit.load_public_keys(chosen.key or [found.audit_key.with_name(found.audit_key.name + ".pub")])
    report = audit.verify(folder, keys, _heads(chosen.heads), chosen.since)
    for note in report.notes:
        print(f"note: {note}")
    for finding in report.findings:
        print(finding, file=sys.stderr)
    if report.unlisted:
        print(f"{report.unlisted} more of these", file=sys.stderr)
    span = f", {report.first} to {report.last}" if report.records else ""
    print(f"{report.records} decisions by {len(report.writers)} writers{span}; {report.unsigned} not signed for yet")
    if report.shed:
        print(f"{report.shed} decisions went unrecorded, as the record itself says")
    print("ALTERED" if report.findings else "sound")
    return 1 if report.findings else 0


def _heads(log: Path | None) -> list[audit.Head]:
    if log is None:
        return []
    try:
        with log.open("rb") as lines:
            return list(audit.heads_in(lines))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{log}: the heads cannot be read ({error})") from error
