"""The controls of resources as policies of Pulumi, one for each item: they stop ``pulumi up`` before anything is made.

``pack/__main__.py`` hands them to the engine. Here they can be imported and tried without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pulumi_policy import EnforcementLevel, StackValidationArgs, StackValidationPolicy

from readiness.checklist import ITEMS
from readiness.control import ENVIRONMENTS, AnyControl, Verdict
from readiness.controls import catalogue
from readiness.facts import Facts
from readiness.facts.kubernetes import gather
from readiness.facts.pulumi import planned
from readiness.facts.resources import Resource, Resources
from readiness.facts.unread import Unread
from readiness.judge import judge


def policies() -> list[StackValidationPolicy]:
    """One policy for each item that has mandatory controls of resources, and one for its other controls as advice."""
    found = []
    for item in ITEMS.values():
        own = [one for one in catalogue("resources") if one.item == item.id]
        for mandatory, name in ((True, item.id), (False, f"{item.id}-advice")):
            controls = [one for one in own if one.mandatory is mandatory]
            if controls:
                level = EnforcementLevel.MANDATORY if mandatory else EnforcementLevel.ADVISORY
                found.append(StackValidationPolicy(name, item.title, validator(controls), level))
    return found


def validator(controls: list[AnyControl]) -> Any:
    """What the engine calls with all resources of a stack."""

    def validate(args: StackValidationArgs, report_violation: Any) -> None:
        resources = Resources(*gather(read(args)))
        urns = {one.label: one.urn for one in resources.all}
        for result in judge(controls, Facts(resources=resources, environment=environment(args)), whole=False):
            if result.verdict is not Verdict.PASS:
                one = result.finding
                said = "not evaluated: " if result.verdict is Verdict.NOT_EVALUATED else ""
                report_violation(f"{result.control.id}: {said}{one.message}\n{one.remedy}", urns.get(one.resource))

    return validate


def read(args: StackValidationArgs) -> Iterator[Resource | Unread]:
    """The resources of a stack in the gate's own shape."""
    for one in args.resources:
        found = planned(one.resource_type, one.name, plain(one.props), bool(one.opts.protect), "")
        if isinstance(found, Resource):
            links = {key: tuple(other.urn for other in others) for key, others in one.property_dependencies.items()}
            yield replace(found, urn=one.urn, links=links)
        elif found is not None:
            yield found


def plain(value: Any) -> Any:
    """What a proxy stands for.

    The SDK's proxies raise on an unknown value, and the SDK then lets a mandatory policy pass as one that "can't run".
    Read in this way the values come with their marks, which ``planned`` knows.
    """
    if hasattr(value, "__getitem__") and not isinstance(value, str | bytes):
        target = value["__target"]
        if isinstance(target, dict):
            return {key: plain(entry) for key, entry in target.items()}
        return [plain(entry) for entry in target]
    return value


def environment(args: StackValidationArgs) -> str:
    """The environment that a stack is named after; a stack of any other name is judged as production."""
    stacks = {one.urn.split("::")[0].rpartition(":")[2] for one in args.resources}
    return next((name for name in sorted(stacks) if name in ENVIRONMENTS), "prod")
