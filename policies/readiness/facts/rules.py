"""Alert and recording rules, wherever they stand: rule files, PrometheusRule objects, or code that makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.facts.code import Code
from readiness.facts.repository import File, Repository
from readiness.facts.resources import Resources, line_of, mappings
from readiness.facts.unread import UnreadError


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        alert: the alert's name; empty for a recording rule.
        record: the recorded series; empty for an alert.
    """

    alert: str
    record: str
    expr: str
    body: dict[str, Any]
    file: str
    line: int

    @property
    def label(self) -> str:
        return f"Alert/-/{self.alert}" if self.alert else f"Record/-/{self.record}"


@dataclass(frozen=True)
class Rules:
    """All rules.

    Attributes:
        all: those that can be read.
        files: rule files of Prometheus itself.
        makers: modules of Python that make rules.
    """

    all: tuple[Rule, ...] = ()
    files: tuple[File, ...] = ()
    makers: tuple[str, ...] = ()

    @property
    def alerts(self) -> Iterator[Rule]:
        return (rule for rule in self.all if rule.alert)

    def __bool__(self) -> bool:
        return bool(self.all or self.makers)


def rules(repository: Repository, resources: Resources, code: Code) -> Rules:
    """The rules of a repository and of the resources given with it."""
    found: list[Rule] = []
    files: list[File] = []
    for file in repository.role("yaml"):
        own = list(in_file(file))
        if own:
            files.append(file)
            found.extend(own)
    for resource in resources.of("PrometheusRule"):
        found.extend(in_groups(resource.spec, resource.file))
    makers = (module.file for module in code.product if any("PrometheusRule" in text for text, _ in module.strings))
    return Rules(tuple(found), tuple(files), tuple(makers))


def in_file(file: File) -> Iterator[Rule]:
    try:
        if "groups" in file.text and "expr" in file.text:
            for document in file.yaml:
                if isinstance(document, dict) and "apiVersion" not in document:
                    yield from in_groups(document, file.path)
    except UnreadError:
        return  # it may be anything; what is deployed from it is judged as a resource


def in_groups(holder: Any, file: str) -> Iterator[Rule]:
    groups = holder.get("groups")
    for group in groups if isinstance(groups, list) else ():
        for body in mappings(group, "rules") if isinstance(group, dict) else ():
            alert, record = str(body.get("alert") or ""), str(body.get("record") or "")
            yield Rule(alert, record, str(body.get("expr") or ""), body, file, line_of(body))
