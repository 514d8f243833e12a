"""What controls ask of AWS resources: which belong together, and what a policy document says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

from readiness.facts import Facts
from readiness.facts.resources import Resource, WrongShape, describe, follow
from readiness.facts.selection import matching

Rule = Callable[[Resource, Facts], Iterator[str]]
"""Says what is wrong with a resource of one type."""

LEAST_PREFIX = 8  # bits: the largest private blocks are 10.0.0.0/8 and fd00::/8; anything larger is the internet


def on(holder: Any, *path: str) -> bool | None:
    """A switch: true, false, or the text that some types have for them; None where nothing stands.

    Raises:
        WrongShape: something else stands there.
        UnknownValue: it is not known.
    """
    value = follow(holder, path)
    if value is None or isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise WrongShape(f"{'.'.join(path)} is {describe(value)}, where true or false must stand")


def switched_on(*path: str) -> Rule:
    """A rule: this switch must be on, whatever its default."""

    def rule(resource: Resource, facts: Facts) -> Iterator[str]:
        if not on(resource.spec, *path):
            yield f"{'.'.join(path)} is not true"

    return rule


def switched_off(*path: str) -> Rule:
    """A rule: this switch, which is off by default, must not be on."""

    def rule(resource: Resource, facts: Facts) -> Iterator[str]:
        if on(resource.spec, *path):
            yield f"{'.'.join(path)} is true"

    return rule


def present(*path: str) -> Rule:
    """A rule: something must stand here."""

    def rule(resource: Resource, facts: Facts) -> Iterator[str]:
        if not follow(resource.spec, path):
            yield f"{'.'.join(path)} is not set"

    return rule


def belongs(part: Resource, name: str, whole: Resource) -> bool:
    """The input ``name`` of a part is the other resource: by Pulumi's record of where it came from, or by its value.

    Raises:
        UnknownValue: neither is known.
    """
    if whole.urn and part.links.get(name):
        return whole.urn in part.links[name]
    value = part.spec.get(name)
    values = value if isinstance(value, list) else [value]
    return any(one in (whole.name, *identities(whole)) for one in values if one is not None)


def identities(resource: Resource) -> Iterator[str]:
    """The names that a resource was given, and those that Pulumi's mocks give it."""
    for key in ("bucket", "identifier", "clusterIdentifier", "name"):
        if isinstance(value := dict.get(resource.body, key), str):
            yield value
    yield f"{resource.name}_id"


def parts(whole: Resource, name: str, facts: Facts, *types: str) -> list[Resource]:
    """The resources of these types whose input ``name`` is this one. Raises ``UnknownValue`` if that cannot be told."""
    return matching(facts.resources.of(*types), lambda one: belongs(one, name, whole))


def statements(document: Any, effect: str = "Allow") -> Iterator[dict[str, Any]]:
    """The statements of a policy document that allow, or that deny.

    Raises:
        ValueError: it is text, but no JSON.
    """
    if isinstance(document, str):
        document = json.loads(document)
    for one in listed(follow(document, ("Statement",))):
        if not isinstance(one, dict):
            raise WrongShape(f"a Statement is {describe(one)}, where a mapping must stand")
        if one.get("Effect", "Allow") == effect:
            yield one


def listed(value: Any) -> list[Any]:
    """IAM's lists of one entry may stand without the list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def world(block: Any) -> bool:
    """A block of addresses that is, or nearly is, the whole internet."""
    return isinstance(block, str) and ip_network(block, strict=False).prefixlen < LEAST_PREFIX
