"""The month of an environment: what each stack's resources cost, and what could not be priced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from stacks.cost.measures import UNKNOWN, Use, uses
from stacks.cost.plan import Resource
from stacks.cost.prices import HOURS, Prices


@dataclass(frozen=True)
class Line:
    """What one kind of thing costs in a month.

    Attributes:
        told: what it is.
        least: US dollars, with the fewest nodes.
        most: US dollars, with the most nodes.
        certain: whether its price was verified, and is of this region.
    """

    told: str
    least: float
    most: float
    certain: bool


@dataclass
class Bill:
    """The month of one stack.

    Attributes:
        stack: its name.
        lines: what could be priced.
        unpriced: what could not, with how many resources each concerns.
    """

    stack: str
    lines: list[Line] = field(default_factory=list)
    unpriced: Counter[str] = field(default_factory=Counter)

    @property
    def least(self) -> float:
        """US dollars, with the fewest nodes."""
        return sum(line.least for line in self.lines)

    @property
    def most(self) -> float:
        """US dollars, with the most nodes."""
        return sum(line.most for line in self.lines)

    @property
    def certain(self) -> bool:
        """Whether every price in it was verified, and is of this region."""
        return all(line.certain for line in self.lines)


def bill(stack: str, resources: Iterable[Resource], prices: Prices) -> Bill:
    """Price the resources of a stack."""
    found = {(resource.type, resource.name): resource for resource in resources}
    made = Bill(stack)
    together: Counter[Use] = Counter()
    for resource in found.values():
        used = uses(resource, found)
        if used is None:
            made.unpriced[UNKNOWN.get(resource.type, resource.type)] += 1
        together.update(used or ())
    for use, times in together.items():
        price = prices.find(use.item)
        if price is None:
            made.unpriced[f"{use.told}: no price of {use.item}"] += times
            continue
        told = f"{times} × {use.told}" if times > 1 else use.told
        month = times * price.monthly
        made.lines.append(Line(told, use.least * month, use.most * month, prices.certain(price)))
    return made


def per_thousand(month: float, predictions_per_second: float) -> float:
    """US dollars for 1,000 predictions, when so many are made each second of the whole month."""
    return month / (predictions_per_second * HOURS * 3600 / 1000)
