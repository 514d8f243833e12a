"""What got worse since an earlier report, so that a team can adopt the gate before all is well."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from readiness.errors import BadRequest
from readiness.judge import BLOCKING, Result

Key = tuple[str, str, str]
BAD = frozenset(verdict.value for verdict in BLOCKING)


def read(file: Path) -> Counter[Key]:
    """How often each control did not pass each resource in an earlier report of ``--format json``.

    Raises:
        BadRequest: the file cannot be read or is no such report.
    """
    remedy = "write it with readiness check --format json --output FILE"
    try:
        results = json.loads(file.read_text(encoding="utf-8"))["results"]
        return Counter(key(one) for one in results if one["verdict"] in BAD)
    except OSError as error:
        raise BadRequest(f"--baseline {file}: {error.strerror}; {remedy}") from None
    except (ValueError, KeyError, TypeError):
        raise BadRequest(f"--baseline {file}: it is no report in JSON; {remedy}") from None


def key(one: dict[str, Any]) -> Key:
    """What stays the same of a result while lines move and messages count other numbers."""
    return one["control"], one["resource"], one["file"] or ""


def worse(results: Iterable[Result], before: Counter[Key]) -> list[Result]:
    """The results that block and were not there before; of several alike those beyond the earlier number."""
    left = Counter(before)
    found = []
    for one in results:
        if one.control.mandatory and one.verdict in BLOCKING:
            own = (one.control.id, one.finding.resource, one.finding.file)
            left[own] -= 1
            if left[own] < 0:
                found.append(one)
    return found
