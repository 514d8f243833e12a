"""Mutants that somebody looked at and found to be no faults: whatever is judged, they say what the original says."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from mutants.source import Mutant


@dataclass(frozen=True)
class Reviewed:
    """Modules by name, with lines as they were and as they are changed; numbers of lines move too easily."""

    known: frozenset[tuple[str, str, str]]

    @classmethod
    def read(cls, path: Path) -> Reviewed:
        """Reads tables named like modules, each a list of ``was``, ``now`` (all such changes) and ``why``.

        Raises:
            ValueError: one says no reason.
        """
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = [(module, entry) for module, found in tables.items() for entry in found]
        if silent := [entry for _, entry in entries if not entry.get("why")]:
            raise ValueError(f"{path.name}: no reason is given for {silent[0]['was']}")
        return cls(frozenset((module, entry["was"], now) for module, entry in entries for now in entry["now"]))

    def knows(self, mutant: Mutant) -> bool:
        return (mutant.path.stem, mutant.was, mutant.now) in self.known
