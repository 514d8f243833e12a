"""What every stack has to keep. Each rule gives the offences in a plan, as texts; none is what a sound plan has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mocks import Plan, Planned, Secret

from stacks.platform.tags import REQUIRED, taggable


def all_offences(plan: Plan) -> list[str]:
    """The offences against every rule."""
    return [offence for rule in RULES for offence in rule(plan)]


def orphans(plan: Plan) -> Iterator[str]:
    """Resources that belong to no component. Providers and references to other stacks need none."""
    components = {planned.urn for planned in plan if not planned.custom}
    for planned in plan:
        if planned.custom and not planned.type.startswith("pulumi:") and planned.parent not in components:
            yield f"{planned.urn} belongs to no component"


def unregistered(plan: Plan) -> Iterator[str]:
    """Components that did not say that they are complete, or are not named as ours are."""
    for planned in plan:
        if not planned.custom:
            if planned.outputs is None:
                yield f"{planned.urn} did not register its outputs"
            if not planned.type.startswith("airworthy:"):
                yield f"{planned.urn} is no component of ours"


def default_providers(plan: Plan) -> Iterator[str]:
    """Resources that would be made wherever the environment's credentials happen to lead."""
    for planned in plan:
        if planned.type.startswith(("aws:", "kubernetes:")) and "pulumi:providers:" not in planned.provider:
            yield f"{planned.urn} has no explicit provider"


def untagged(plan: Plan) -> Iterator[str]:
    """Resources that do not say whose they are."""
    for planned in plan:
        if missing := set(REQUIRED) - set(_tags(planned) or REQUIRED):
            yield f"{planned.urn} lacks {sorted(missing)}"


def leaks(plan: Plan) -> Iterator[str]:
    """Secrets that stand where the state, the log or an output would show them."""
    for planned in plan:
        for place, text in _texts(planned.inputs):
            hidden = any(_within(place, secret) for secret in planned.secrets)
            if not hidden and any(secret in text for secret in plan.secrets):
                yield f"{planned.urn} shows a secret in {place}"
    for name, value in plan.outputs.items():
        if not isinstance(value, Secret):
            for place, text in _texts(value, name):
                if any(secret in text for secret in plan.secrets):
                    yield f"the output {place} shows a secret"


def unencrypted(plan: Plan) -> Iterator[str]:
    """Data at rest without encryption, or with a key that is not ours where ours can be had."""
    for planned in plan:
        wanted = ENCRYPTED.get(planned.type)
        if wanted and not wanted(planned.inputs):
            yield f"{planned.urn} is not encrypted as it should be"


def public(plan: Plan) -> Iterator[str]:
    """Ways in from the internet."""
    for planned in plan:
        for place, text in _texts(planned.inputs):
            out = planned.type == "aws:ec2/route:Route" or ".egress." in place
            if text in ("0.0.0.0/0", "::/0") and not out:
                yield f"{planned.urn} is open to everybody in {place}"
        if planned.inputs.get("mapPublicIpOnLaunch"):
            yield f"{planned.urn} gives public addresses"


RULES: tuple[Callable[[Plan], Iterator[str]], ...] = (
    orphans,
    unregistered,
    default_providers,
    untagged,
    leaks,
    unencrypted,
    public,
)


def _disks(inputs: dict[str, Any]) -> bool:
    return all(disk["ebs"].get("encrypted") == "true" for disk in inputs["blockDeviceMappings"])


def _class(inputs: dict[str, Any]) -> bool:
    """Disks are encrypted if their class says so, shared files as their file system is."""
    return inputs["provisioner"] == "efs.csi.aws.com" or inputs["parameters"].get("encrypted") == "true"


ENCRYPTED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "aws:cloudwatch/logGroup:LogGroup": lambda inputs: inputs.get("kmsKeyId"),
    "aws:ec2/launchTemplate:LaunchTemplate": _disks,
    "aws:ecr/repository:Repository": lambda inputs: inputs.get("encryptionConfigurations"),
    "aws:efs/fileSystem:FileSystem": lambda inputs: inputs.get("encrypted") and inputs.get("kmsKeyId"),
    "aws:eks/cluster:Cluster": lambda inputs: inputs.get("encryptionConfig"),
    "aws:kms/key:Key": lambda inputs: inputs.get("enableKeyRotation"),
    "aws:lambda/function:Function": lambda inputs: inputs.get("kmsKeyArn"),
    "aws:rds/instance:Instance": lambda inputs: inputs.get("storageEncrypted") and inputs.get("kmsKeyId"),
    "aws:secretsmanager/secret:Secret": lambda inputs: inputs.get("kmsKeyId"),
    "kubernetes:storage.k8s.io/v1:StorageClass": _class,
}


def _tags(planned: Planned) -> dict[str, str] | None:
    """The tags or labels of what can have some; None for anything else."""
    if planned.type.startswith("aws:") and taggable(planned.type):
        return planned.inputs.get("tags") or {"": ""}
    if planned.type.startswith("kubernetes:") and "kind" in planned.inputs:
        return planned.inputs["metadata"].get("labels") or {"": ""}
    return None


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _texts(child, f"{place}.{key}" if place else str(key))


def _within(place: str, outer: str) -> bool:
    return place == outer or place.startswith(f"{outer}.")
