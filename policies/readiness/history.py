"""Earlier reports, for the trend on the page: what ``readiness check --format json`` wrote, oldest first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.checklist import ITEMS
from readiness.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier report said of the whole.

    Attributes:
        label: its commit, shortened; without one, the name of its file.
        score: items of a hundred that passed.
        passed: how many items passed.
        waived: how many items were waived.
        ml_test_score: the ML Test Score then; None when it was not computed.
    """

    label: str
    score: float
    passed: int
    waived: int
    ml_test_score: float | None


def read(files: Iterable[Path], environment: str) -> tuple[Earlier, ...]:
    """Earlier reports, in the order given.

    Raises:
        BadRequest: one cannot be read, is no such report, is partial, or is about another environment.
    """
    return tuple(earlier(file, environment) for file in files)


def earlier(file: Path, environment: str) -> Earlier:
    remedy = "name reports of readiness check --format json --output FILE"
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["environment"] != environment:
            raise BadRequest(f"--history {file}: it is about {told['environment']}, and this one about {environment}")
        if set(told["items"]) != set(ITEMS):
            raise BadRequest(f"--history {file}: it judges only some items; {remedy}, without --only and --kind")
        return summed(told, file)
    except OSError as error:
        raise BadRequest(f"--history {file}: {error.strerror}; {remedy}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadRequest(f"--history {file}: it is no report of check in JSON; {remedy}") from None


def summed(told: dict[str, Any], file: Path) -> Earlier:
    verdicts = [one["verdict"] for one in told["items"].values()]
    paper = told["ml_test_score"]
    return Earlier(
        (told["commit"] or "")[:8] or file.name,
        float(told["score"]),
        verdicts.count("pass"),
        verdicts.count("waived"),
        None if paper is None else float(paper["score"]),
    )
