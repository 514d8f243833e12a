"""A service's secrets in AWS Secrets Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component
from stacks.secrets.audit_keys import AuditKeys, AuditKeysArgs
from stacks.secrets.rotator import Rotator
from stacks.secrets.settings import RotationSettings, Scope

RECOVERY_DAYS = 30
"""How long a deleted secret can be brought back, in days."""


@dataclass(frozen=True)
class VaultArgs:
    """What a service's secrets are told.

    Attributes:
        path: starts their names: ``airworthy/ENVIRONMENT/SERVICE``.
        callers: by caller, what its key allows.
        rotator: what replaces keys and passwords.
        rotation: how often.
        kms_key_arn: the key that encrypts them.
        protection: options for them.
    """

    path: str
    callers: Mapping[str, Sequence[Scope]]
    rotator: Rotator
    rotation: RotationSettings
    kms_key_arn: Input[str]
    protection: ResourceOptions


class Vault(Component):
    """The secrets of one service. Values that the rotator or people replace are begun here and then left alone.

    Attributes:
        ready: what has to be there before anything reads them.
    """

    kind = "secrets:Vault"

    def __init__(self, name: str, args: VaultArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        audit = AuditKeys(name, AuditKeysArgs(args.protection), self.child())
        # People and the rotator change this file, which holds hashes; at first nobody has a key.
        keys = self._secret("api-keys", "{}", "Hashes of the API keys", begun=True)
        self._secret("audit-key", audit.signing, "Signs the record of decisions")
        self._secret("audit-input-key", audit.input, "Under which the record keeps hashes of inputs")
        self._rotated("registry", "Its accounts at the registry, and which one is in use", {})
        for caller, scopes in args.callers.items():
            meaning = f"The API key of {caller}, and the one that comes next"
            self._rotated(f"callers/{caller}", meaning, {"scopes": " ".join(scopes)}, after=[keys])
        self.register_outputs({})

    def _secret(
        self,
        part: str,
        value: Input[str],
        meaning: str,
        tags: dict[str, str] | None = None,
        begun: bool = False,
    ) -> aws.secretsmanager.SecretVersion:
        """A secret with a value; if it is only begun here, later values are left alone."""
        name = f"{self._name}-{part.replace('/', '-')}"
        secret = aws.secretsmanager.Secret(
            name,
            name=f"{self._args.path}/{part}",
            description=meaning,
            kms_key_id=self._args.kms_key_arn,
            recovery_window_in_days=RECOVERY_DAYS,
            tags=tags,
            opts=self.child(self._args.protection),
        )
        return aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string=Output.secret(value),
            opts=self.child(ignore_changes=["secretString", "versionStages"] if begun else None),
        )

    def _rotated(
        self,
        part: str,
        meaning: str,
        tags: dict[str, str],
        after: Sequence[aws.secretsmanager.SecretVersion] = (),
    ) -> None:
        """A secret whose values Pulumi never sees: the rotator makes the first one, too."""
        version = self._secret(part, "{}", meaning, tags, begun=True)
        aws.secretsmanager.SecretRotation(
            f"{self._name}-{part.replace('/', '-')}",
            secret_id=version.secret_id,
            rotation_lambda_arn=self._args.rotator.arn,
            rotation_rules={"automatically_after_days": self._args.rotation.days},
            rotate_immediately=True,
            opts=self.child(depends_on=[version, self._args.rotator.permission, *after]),
        )
