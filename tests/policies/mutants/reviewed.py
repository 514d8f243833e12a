"""Mutants that somebody looked at and found to be no faults: whatever is judged, they say what the original says."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from mutants.source import Mutant


@dataclass(frozen=True)
class Reviewed:
    """The names of modules and the changes in them, as they are shown; line numbers move too easily."""

    known: frozenset[tuple[str, str]]

    @classmethod
    def read(cls, path: Path) -> Reviewed:
        """Reads tables named like the module, each a list of ``change`` and ``why``.

        Raises:
            ValueError: one says no reason.
        """
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = [(module, entry) for module, found in tables.items() for entry in found]
        if silent := [entry for _, entry in entries if not entry.get("why")]:
            raise ValueError(f"{path.name}: no reason is given for {silent[0]['change']}")
        return cls(frozenset((module, entry["change"].strip()) for module, entry in entries))

    def knows(self, mutant: Mutant) -> bool:
        return (mutant.path.stem, mutant.diff) in self.known
