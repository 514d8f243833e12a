"""Reports: one report, many forms. Each form is a module with ``render(report)``, which gives pieces of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from readiness.judge import Result
from readiness.verdict import ItemVerdict

if TYPE_CHECKING:
    from readiness.ml_test_score import MlTestScore

FORMATS = {"table": "table", "json": "as_json"}


@dataclass(frozen=True)
class Report:
    """All that any form of report shows.

    Attributes:
        environment: what the verdict is for.
        results: of all controls, worst first.
        items: the verdict on each item; empty when only manifests were judged.
        score: items of a hundred that pass.
        ml_test_score: the ML Test Score; None when it was not computed.
        commit: what was judged; empty when that cannot be told.
        notes: what a reader has to know beside the results, such as files that hold nothing to judge.
    """

    environment: str
    results: tuple[Result, ...]
    items: dict[str, ItemVerdict] = field(default_factory=dict)
    score: float = 0.0
    ml_test_score: MlTestScore | None = None
    commit: str = ""
    notes: tuple[str, ...] = ()


def render(report: Report, form: str) -> Iterator[str]:
    """The report in one of ``FORMATS``, piece by piece, ending with a line break."""
    pieces: Iterator[str] = import_module(f"readiness.reports.{FORMATS[form]}").render(report)
    return pieces
