"""From results to a verdict: on each item, and on the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from readiness.checklist import ITEMS
from readiness.control import AnyControl, Verdict
from readiness.judge import Result


@dataclass(frozen=True)
class ControlVerdict:
    """What one control says over all its subjects; None when it had nothing to say."""

    control: AnyControl
    verdict: Verdict | None
    results: tuple[Result, ...]


@dataclass(frozen=True)
class ItemVerdict:
    """What is said of one item."""

    id: str
    verdict: Verdict
    controls: tuple[ControlVerdict, ...]


def items(controls: Iterable[AnyControl], results: Iterable[Result]) -> dict[str, ItemVerdict]:
    """The verdict on every item that a control of these belongs to, in the order of the checklist."""
    by_control: dict[str, list[Result]] = {}
    for result in results:
        by_control.setdefault(result.control.id, []).append(result)
    of_item: dict[str, list[ControlVerdict]] = {id: [] for id in ITEMS}
    for control in controls:
        own = tuple(by_control.get(control.id, ()))
        of_item[control.item].append(ControlVerdict(control, worst(one.verdict for one in own), own))
    return {id: ItemVerdict(id, on_item(own), tuple(own)) for id, own in of_item.items()}


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of several: fail, then not evaluated, then waived, then pass; None of none."""
    found = set(verdicts)
    order = (Verdict.FAIL, Verdict.NOT_EVALUATED, Verdict.WAIVED, Verdict.PASS)
    return next((verdict for verdict in order if verdict in found), None)


def on_item(controls: Iterable[ControlVerdict]) -> Verdict:
    """An item passes when something mandatory passes, and nothing mandatory fails or is unknown."""
    said = [one.verdict for one in controls if one.control.mandatory and one.verdict is not None]
    return worst(said) or Verdict.NOT_EVALUATED


def score(items: dict[str, ItemVerdict]) -> float:
    """How many of a hundred items pass. A waived one does not: the gap is still there."""
    passed = sum(one.verdict is Verdict.PASS for one in items.values())
    return round(100 * passed / len(items), 1) if items else 0.0


def ready(items: dict[str, ItemVerdict]) -> bool:
    return all(one.verdict in (Verdict.PASS, Verdict.WAIVED) for one in items.values())
