"""Tags and labels that say whose everything is, put on by one transform of the stack."""

from __future__ import annotations

import importlib
import inspect
import keyword
from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi
from pulumi import ResourceTransformArgs, ResourceTransformResult

from stacks.platform.names import PRODUCT
from stacks.platform.settings import StackSettings

REQUIRED = ("environment", "owner", "cost-centre", "managed-by", "project")


def tags(settings: StackSettings) -> dict[str, str]:
    """The required tags of this stack's resources."""
    values = (settings.environment, settings.owner, settings.cost_centre, "pulumi", pulumi.get_project())
    return dict(zip(REQUIRED, values, strict=True))


def labels(settings: StackSettings) -> dict[str, str]:
    """The same as labels of Kubernetes objects, with the two that Kubernetes recommends."""
    return {**tags(settings), "app.kubernetes.io/part-of": PRODUCT, "app.kubernetes.io/managed-by": "pulumi"}


def tag_everything(settings: StackSettings) -> None:
    """From here on, tag every AWS resource that can be tagged and label every Kubernetes object.

    Tags that a resource brings stay, except that it cannot contradict a required one.
    """
    own_tags, own_labels = tags(settings), labels(settings)

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        props: Mapping[str, Any] = args.props
        if taggable(args.type_):
            changed = {"tags": {**(props.get("tags") or {}), **own_tags}}
        elif "apiVersion" in props and "kind" in props:
            metadata = props.get("metadata") or {}
            changed = {"metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **own_labels}}}
        else:
            return None
        return ResourceTransformResult(props={**props, **changed}, opts=args.opts)

    pulumi.runtime.register_resource_transform(transform)


@cache
def taggable(token: str) -> bool:
    """Whether AWS resources of this type, such as ``aws:ec2/vpc:Vpc``, take tags."""
    package, module, name = token.split(":")
    if package != "aws":
        return False
    section = module.split("/")[0]
    found = importlib.import_module("pulumi_aws." + (f"{section}_" if keyword.iskeyword(section) else section))
    return "tags" in inspect.signature(getattr(found, name).get).parameters
