"""``python -m stacks cost ENV [STACK…]``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stacks.cost import prices, report
from stacks.cost.estimate import bill
from stacks.cost.plan import plan
from stacks.drive import files
from stacks.drive.order import Stack


def cost(environment: str, stacks: Sequence[Stack], load: float) -> Iterator[str]:
    """The lines of the estimate.

    Raises:
        CannotRun: a settings file is missing.
        SettingsError: a stack's settings do not do.
    """
    table = prices.load()
    found = {stack: files.read(stack, environment) for stack in stacks}
    regions = {str(file.values["aws"]["region"]) for file in found.values() if "aws" in file.values}
    region = min(regions, default="")
    known = prices.Prices(table, region)
    bills = [bill(stack.name, plan(stack, environment, file) if region else [], known) for stack, file in found.items()]
    return report.page(environment, region, bills, table, load)
