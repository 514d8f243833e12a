"""Who selects whom: label selectors as Kubernetes has them, and search among labels that may not be known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from readiness.facts.resources import Resource, WrongShape, fields, items, mappings
from readiness.facts.unknown import UnknownValue

T = TypeVar("T")
UNKNOWN_NAME = "(unknown)"


def matching(candidates: Iterable[T], test: Callable[[T], bool]) -> list[T]:
    """The candidates that pass a test.

    Raises:
        UnknownValue: none is known to pass, and of one it cannot be told.
    """
    found: list[T] = []
    doubt: Exception | None = None
    for one in candidates:
        try:
            if test(one):
                found.append(one)
        except (UnknownValue, WrongShape) as error:
            doubt = error
    if doubt and not found:
        raise doubt
    return found


def same_namespace(one: Resource, other: Resource) -> bool:
    """Whether two resources share a namespace. Raises ``UnknownValue`` if that cannot be told."""
    if UNKNOWN_NAME in (one.namespace, other.namespace):
        raise UnknownValue("a namespace")
    return one.namespace == other.namespace


def equal_labels(wanted: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """A plain selector, as a Service has it. An empty one selects nothing."""
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """A selector with ``matchLabels`` and ``matchExpressions``. An empty one selects everything."""
    wanted = fields(selector, "matchLabels")
    if not all(labels.get(key) == value for key, value in wanted.items()):
        return False
    return all(holds(expression, labels) for expression in mappings(selector, "matchExpressions"))


def holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """One entry of ``matchExpressions``.

    Raises:
        WrongShape: the operator is none that Kubernetes knows.
    """
    key, operator, values = expression.get("key"), expression.get("operator"), items(expression, "values")
    if operator == "In":
        return labels.get(str(key)) in values
    if operator == "NotIn":
        return labels.get(str(key)) not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    raise WrongShape(f"operator {operator} of matchExpressions is none of In, NotIn, Exists, DoesNotExist")
