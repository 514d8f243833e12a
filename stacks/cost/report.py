"""The estimate as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stacks.cost.estimate import Bill, Line, per_thousand
from stacks.cost.prices import HOURS, Price

MARK = "*"


def page(environment: str, region: str, bills: Sequence[Bill], prices: Iterable[Price], load: float) -> Iterator[str]:
    """Lines: each stack with what it is made of, the sum, 1,000 predictions, and what is not in it.

    Args:
        environment: whose.
        region: where in AWS; empty where the cluster was there already, whose cost nobody here knows.
        bills: of the stacks, in order.
        prices: the table.
        load: predictions a second, over the whole month.
    """
    if not region:
        yield f"{environment}: on a cluster that is there already; what that costs is not known, and nothing is added"
        return
    yield f"{environment}, {region}: US dollars in {HOURS} hours, before tax; with the fewest nodes, and with the most"
    for bill in bills:
        yield _row(bill.stack, bill.least, bill.most, bill.certain) if bill.lines else f"{bill.stack:70}    not priced"
        for line in sorted(bill.lines, key=_dearest):
            yield _row(f"  {line.told}", line.least, line.most, line.certain)
    least, most = sum(bill.least for bill in bills), sum(bill.most for bill in bills)
    certain = all(bill.certain for bill in bills)
    yield _row("all", least, most, certain)
    told = f"1,000 predictions, at {load:g} a second"
    yield _row(told, per_thousand(least, load), per_thousand(most, load), certain, digits=6)
    yield from _not_in_it(bills)
    if not certain:
        days = sorted(price.date for price in prices)
        yield f"{MARK} rests on a price that nobody verified, or of another region: see stacks/cost/prices.toml,"
        yield f"  whose prices are from {days[0]} to {days[-1]}"


def _not_in_it(bills: Iterable[Bill]) -> Iterator[str]:
    yield "not in it: traffic, discounts, support, tax, and what a load of this size would add"
    for bill in bills:
        for told, times in bill.unpriced.items():
            yield f"  {bill.stack}: {told}" + (f" ({times} of them)" if times > 1 else "")


def _dearest(line: Line) -> float:
    return -line.least


def _row(told: str, least: float, most: float, certain: bool, digits: int = 2) -> str:
    return f"{told:70}{least:14,.{digits}f}{most:14,.{digits}f} {'' if certain else MARK}".rstrip()
