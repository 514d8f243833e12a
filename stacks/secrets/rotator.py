"""The function that Secrets Manager calls to replace keys and passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component
from stacks.platform.iam import allow, policy, trust

CODE = Path(__file__).with_name("rotation") / "function.py"
STEPS = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
]


@dataclass(frozen=True)
class RotatorArgs:
    """What the function is told.

    Attributes:
        function: its name.
        account: whose Secrets Manager may call it.
        secrets: ARNs of the only secrets that it may read and write; wildcards are allowed.
        overlap_days: how long a replaced key goes on working, in days.
        kms_key_arn: the key of the secrets, and of its log.
        log_days: how long its log is kept, in days.
    """

    function: str
    account: str
    secrets: Sequence[str]
    overlap_days: int
    kms_key_arn: Input[str]
    log_days: int = 365


class Rotator(Component):
    """A small function on Graviton; its code is :mod:`stacks.secrets.rotation.function`.

    Attributes:
        arn: the function's ARN.
        permission: what lets Secrets Manager call it; rotations must come after.
    """

    kind = "secrets:Rotator"

    def __init__(self, name: str, args: RotatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        log = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{args.function}",
            retention_in_days=args.log_days,
            kms_key_id=args.kms_key_arn,
            opts=self.child(),
        )
        role, grant = self._role(name, args, log)
        function = aws.lambda_.Function(
            name,
            name=args.function,
            role=role.arn,
            runtime="python3.13",
            architectures=["arm64"],
            handler="function.handler",
            code=pulumi.AssetArchive({"function.py": pulumi.StringAsset(CODE.read_text())}),
            timeout=30,
            memory_size=128,
            environment={"variables": {"OVERLAP_DAYS": str(args.overlap_days)}},
            kms_key_arn=args.kms_key_arn,
            opts=self.child(depends_on=[grant, log]),
        )
        self.arn: Output[str] = function.arn
        self.permission = aws.lambda_.Permission(
            name,
            function=function.name,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=args.account,
            opts=self.child(),
        )
        self.register_outputs({"arn": self.arn})

    def _role(
        self, name: str, args: RotatorArgs, log: aws.cloudwatch.LogGroup
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            name, name=args.function, assume_role_policy=trust("lambda.amazonaws.com"), opts=self.child()
        )
        document = policy(
            allow(STEPS, *args.secrets),
            allow(["kms:Decrypt", "kms:GenerateDataKey"], args.kms_key_arn),
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], Output.concat(log.arn, ":*")),
        )
        return role, aws.iam.RolePolicy(name, role=role.name, policy=document, opts=self.child())
