"""Finds who may select whom without comparing everybody with everybody: by one label of each selector.

What an index gives still has to be looked at. It leaves out nothing that selects or is selected, nor what perhaps does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from readiness.facts.resources import WrongShape
from readiness.facts.selection import UNKNOWN_NAME
from readiness.facts.unknown import UnknownValue

T = TypeVar("T")
Labels = dict[str, Any]
Place = tuple[str, str, str]


class Index(Generic[T]):
    """Things by namespace, and by labels where they have some.

    Args:
        all: the things.
        namespace_of: gives the namespace of one.
        labels_of: gives its labels, of which all count or only the first; it may raise when they are not known.
    """

    def __init__(self, all: Iterable[T], namespace_of: Callable[[T], str], labels_of: Callable[[T], Labels]) -> None:
        self.all = tuple(all)
        self.by_label: dict[Place, list[T]] = defaultdict(list)
        self.by_namespace: dict[str, list[T]] = defaultdict(list)
        self.in_doubt: list[T] = []
        for one in self.all:
            namespace, labels = namespace_of(one), known(labels_of, one)
            if namespace == UNKNOWN_NAME or labels is None:
                self.in_doubt.append(one)
            else:
                self.enter(one, namespace, labels)

    def enter(self, one: T, namespace: str, labels: Labels) -> None:
        self.by_namespace[namespace].append(one)
        for label in labels.items():
            self.by_label[(namespace, *label)].append(one)


class Selected(Index[T]):
    """Pods, by their labels."""

    def by(self, namespace: str, wanted: Labels | None) -> list[T]:
        """All that a selector may select: ``wanted`` are its labels, None if they are not known."""
        if namespace == UNKNOWN_NAME:
            return list(self.all)
        if not wanted:
            return self.by_namespace[namespace] + self.in_doubt
        return self.by_label[(namespace, *next(iter(wanted.items())))] + self.in_doubt


class Selecting(Index[T]):
    """What selects pods, such as NetworkPolicies, by the first label that each wants."""

    def enter(self, one: T, namespace: str, labels: Labels) -> None:
        if labels:
            self.by_label[(namespace, *next(iter(labels.items())))].append(one)
        else:
            self.by_namespace[namespace].append(one)

    def of(self, namespace: str, labels: Labels | None) -> list[T]:
        """All that may select pods with these labels, None if they are not known."""
        if namespace == UNKNOWN_NAME or labels is None:
            return list(self.all)
        wanting = [one for label in labels.items() for one in self.by_label.get((namespace, *label), ())]
        return wanting + self.by_namespace.get(namespace, []) + self.in_doubt


def known(labels_of: Callable[[T], Labels], one: T) -> Labels | None:
    """The labels of one; None if not all of them are known."""
    try:
        found = dict(dict.items(labels_of(one)))
    except (UnknownValue, WrongShape):
        return None
    return found if all(isinstance(value, str) for value in found.values()) else None
