"""Documents of AWS IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pulumi import Input, Output

Statement = dict[str, object]


PODS = "pods.eks.amazonaws.com"
"""The service that gives pods their roles: EKS pod identity."""


def trust(service: str) -> str:
    """The document that lets one service of AWS take a role."""
    actions = ["sts:AssumeRole", "sts:TagSession"] if service == PODS else ["sts:AssumeRole"]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(actions: Sequence[str], *resources: Input[str], condition: Mapping[str, object] | None = None) -> Statement:
    """A statement that allows actions on resources and nothing else."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": condition} if condition else statement


def policy(*statements: Statement) -> Output[str]:
    """A document of statements, which may hold outputs."""
    return Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
