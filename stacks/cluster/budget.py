"""The budget of the AWS account: somebody is told before the bill comes."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import ResourceOptions

from stacks.cluster.settings import BudgetSettings
from stacks.platform.component import Component

SPENT, EXPECTED = 80, 100
"""Per cent of the budget: spent so far, and by the end of the month if it goes on like this."""


class Budget(Component):
    """A budget over all that the account spends, by whomever: what nobody tagged costs as much."""

    kind = "cluster:Budget"

    def __init__(self, name: str, args: BudgetSettings, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.usd),
            limit_unit="USD",
            notifications=[_told(args, "ACTUAL", SPENT), _told(args, "FORECASTED", EXPECTED)],
            opts=self.child(),
        )
        self.register_outputs({})


def _told(args: BudgetSettings, kind: str, percent: int) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        comparison_operator="GREATER_THAN",
        notification_type=kind,
        threshold=percent,
        threshold_type="PERCENTAGE",
        subscriber_email_addresses=list(args.tell),
    )
