"""Checks a whole trail: nothing changed, dropped, added or moved up to the last signed heads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from service.audit.check import Check, Known
from service.audit.head import Head
from service.audit.keys import PublicKeys
from service.audit.line import opening
from service.audit.report import Report
from service.audit.segment import segment_name
from service.errors import SettingsError

EXPECTED = "the log"


def verify(trail: Path, keys: PublicKeys, expected: Iterable[Head] = (), kept_since: datetime | None = None) -> Report:
    """Check every byte of a trail, also of one that is being written.

    Files are read line by line, so memory grows with the number of heads and writers only.

    Args:
        trail: the folder of all writers.
        keys: whose signatures count.
        expected: signed heads from elsewhere, as :func:`service.audit.heads_in` reads them from the log. Without them
            a chain that was cut back to an older head of its own, or a last writer that is gone, cannot be noticed.
        kept_since: writers that began earlier may be gone, as they need not be kept any longer.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    if not trail.is_dir():
        raise SettingsError(f"{trail}: there is no such folder; give the folder of the audit trail")
    report = Report()
    known = _expected(expected, keys, report)
    try:
        folders = _folders(trail, report)
    except OSError as error:
        raise SettingsError(f"{trail}: the folder cannot be read ({error.strerror})") from error
    for folder in folders:
        _witnessed(folder, known)
    for folder in folders:
        report.writers.append(Check(folder, known.pop(folder.name, {}), report).run(keys))
    oldest = kept_since.astimezone(UTC).strftime("%Y%m%dT%H%M%S") if kept_since else ""
    for name in sorted(known):
        if name >= oldest:
            seq, (_, source) = max(known[name].items())
            report.find(name, 0, f"this writer is missing; {source} holds its line {seq}")
    return report


def _expected(heads: Iterable[Head], keys: PublicKeys, report: Report) -> dict[str, Known]:
    known: dict[str, Known] = defaultdict(dict)
    for head in heads:
        problem = head.problem(keys)
        if not problem and known[head.writer].setdefault(head.seq, (head.hash, EXPECTED))[0] != head.hash:
            problem = "two heads are signed for the same line"
        if problem:
            report.find(f"expected head of {head.writer}, line {head.seq}", 0, problem)
    return known


def _folders(trail: Path, report: Report) -> list[Path]:
    found: list[Path] = []
    for entry in sorted(trail.iterdir()):
        if entry.name.startswith("."):
            report.note(entry.name, 0, "left by a process that was killed before it had begun its chain")
        elif entry.is_dir():
            found.append(entry)
        else:
            report.find(entry.name, 0, "does not belong here")
    return found


def _witnessed(folder: Path, known: dict[str, Known]) -> None:
    """Take up what a writer saw of the others when it began."""
    first = opening(folder / segment_name(1))
    for name, (seq, hash) in first.witnessed.items() if first else ():
        known[name].setdefault(seq, (hash, f"writer {folder.name}"))
