"""Alerts among the resources, what they ask for, and who is told of them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.facts import Facts
from readiness.facts.repository import File
from readiness.facts.resources import Part, Resource, WrongShape, fields, line_of, mappings
from readiness.facts.unread import Unread, UnreadError
from readiness.facts.yaml_stream import documents

CONFIG_KEYS = ("alertmanager.yaml", "alertmanager.yml", "config.yml")
CONFIG_FILE = re.compile(r"(^|/)alertmanager[\w.-]*\.ya?ml$")
GROUP_WAIT = 30  # seconds, Alertmanager's default
UNITS = {"ms": 0, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
MATCHER = re.compile(r'^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$')


@dataclass(frozen=True)
class Alert(Part):
    """One alert of a PrometheusRule."""

    body: dict[str, Any]

    @property
    def line(self) -> int:
        return line_of(self.body) or self.resource.line

    @property
    def name(self) -> str:
        return str(self.body.get("alert"))

    @property
    def severity(self) -> str:
        return str(fields(self.body, "labels").get("severity") or "")


def rules(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("PrometheusRule", group="monitoring.coreos.com")


def each_rule(resource: Resource) -> Iterator[dict[str, Any]]:
    for group in mappings(resource.spec, "groups"):
        yield from mappings(group, "rules")


def alerts(facts: Facts) -> Iterator[Alert]:
    """Every alert; one of a PrometheusRule that cannot be read is left to ``M3.rule-valid``."""
    for resource in rules(facts):
        try:
            found = [body for body in each_rule(resource) if body.get("alert")]
        except WrongShape:
            continue
        yield from (Alert(resource, body) for body in found)


@dataclass(frozen=True)
class Routing:
    """A configuration of Alertmanager.

    Attributes:
        where: the resource or file that holds it.
        route: the root of the tree of routes.
        receivers: each receiver by its name.
        namespace: alerts of this namespace only, as an AlertmanagerConfig has it; empty for all.
    """

    where: str
    file: str
    line: int
    route: dict[str, Any]
    receivers: Mapping[str, Mapping[str, Any]]
    namespace: str = ""

    @property
    def label(self) -> str:
        return self.where


def routings(facts: Facts) -> tuple[Routing, ...]:
    """Every configuration of Alertmanager that can be found: objects, chart values and files."""
    return tuple(each_routing(facts))


def each_routing(facts: Facts) -> Iterator[Routing]:
    for resource in facts.resources.of("AlertmanagerConfig"):
        yield routing(resource.spec, resource.label, resource.file, resource.line, resource.namespace)
    for resource in facts.resources.of("Secret", "ConfigMap", group=""):
        yield from in_keys(resource)
    for resource in facts.resources.of("Release", "Chart", "HelmRelease", "Application"):
        for values in (fields(resource.body, "values"), fields(resource.body, "spec", "values")):
            config = fields(values, "alertmanager", "config")
            if config.get("route"):
                yield routing(config, resource.label, resource.file, resource.line)
    for file in facts.repository.files.values():
        if CONFIG_FILE.search(file.path):
            yield from in_file(file)


def routing(config: Mapping[str, Any], where: str, file: str, line: int, namespace: str = "") -> Routing:
    receivers = {str(one.get("name")): one for one in mappings(config, "receivers")}
    return Routing(where, file, line, fields(config, "route"), receivers, namespace)


def in_keys(resource: Resource) -> Iterator[Routing]:
    """Of a Secret or ConfigMap that names a key as Alertmanager does."""
    for holder, encoded in (("stringData", False), ("data", resource.kind == "Secret")):
        values = dict.get(resource.body, holder)
        for key in CONFIG_KEYS:
            if isinstance(values, dict) and key in dict.keys(values):
                text = str(values[key])
                yield from in_text(decoded(text) if encoded else text, resource.label, resource.file, resource.line)


def decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise WrongShape("alertmanager.yaml of a Secret is no base64") from None


def in_file(file: File) -> Iterator[Routing]:
    yield from in_text(file.text, file.label, file.path, 1)


def in_text(text: str, where: str, file: str, line: int) -> Iterator[Routing]:
    for document in documents(text, file):
        if isinstance(document, Unread):
            raise UnreadError(document)
        if isinstance(document, dict) and "route" in document and "receivers" in document:
            yield routing(document, where, file, line)


def reached(
    route: Mapping[str, Any], labels: Mapping[str, str], inherited: tuple[str, int] = ("", GROUP_WAIT)
) -> set[tuple[str, int]]:
    """Every receiver that an alert with these labels may reach, whatever its other labels are, and after how long."""
    wait = route.get("group_wait")
    own = (str(route.get("receiver") or inherited[0]), inherited[1] if wait is None else seconds(str(wait)))
    found: set[tuple[str, int]] = set()
    surely = False
    for child in mappings(route, "routes"):
        match = matches(child, labels)
        if match is False:
            continue
        found |= reached(child, labels, own)
        surely = surely or match is True
        if match and not child.get("continue"):
            break
    return found if surely else found | {own}


def seconds(duration: str) -> int:
    """A duration of Prometheus such as ``1h30m``, in whole seconds."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def matches(route: Mapping[str, Any], labels: Mapping[str, str]) -> bool | None:
    """Whether a route takes an alert; None when that depends on labels that the rule does not set."""
    said = [holds(*one, labels) for one in matchers(route)]
    if any(one is False for one in said):
        return False
    return None if any(one is None for one in said) else True


def matchers(route: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Label, operator and value of each condition, in the three ways to write them."""
    for key, value in fields(route, "match").items():
        yield key, "=", str(value)
    for key, value in fields(route, "match_re").items():
        yield key, "=~", str(value)
    for one in route.get("matchers") or []:
        if isinstance(one, dict):
            yield str(one.get("name")), str(one.get("matchType") or "="), str(one.get("value", ""))
        elif parsed := MATCHER.match(str(one)):
            yield parsed[1], parsed[2], parsed[3]
        else:
            raise WrongShape(f"{one!r} is no matcher")


def holds(label: str, operator: str, value: str, labels: Mapping[str, str]) -> bool | None:
    """One condition. Labels that a rule leaves open come from the series, so they may be anything."""
    if label not in labels:
        return None
    try:
        equal = re.fullmatch(value, labels[label]) is not None if "~" in operator else labels[label] == value
    except re.error:
        raise WrongShape(f"{value!r} is no regular expression") from None
    return equal != operator.startswith("!")
