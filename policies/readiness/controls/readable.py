"""S5: whatever is to be deployed can be read by those who answer for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import Resources
from readiness.facts.unknown import UnknownValue
from readiness.facts.unread import Unread


def unread_or_all(facts: Facts) -> Iterable[Unread | Resources]:
    """Each thing that could not be read; all resources as one when there is no such thing."""
    return facts.resources.unread or ((facts.resources,) if facts.resources.all else ())


@control(
    id="S5.readable-manifests",
    title="Every manifest can be read",
    why="what no tool can read, no reviewer and no gate has judged; it would be deployed on trust",
    remedy="render templates before they are judged: helm template . | readiness manifests -",
    severity="high",
    kind="resources",
    sources=("design: unknown is never pass",),
    subjects=unread_or_all,
)
def readable_manifests(one: Unread | Resources, facts: Facts) -> Iterator[Problem]:
    if isinstance(one, Resources):
        return
    if one.templated:
        raise UnknownValue(one.why)
    yield Problem(one.why, remedy=one.remedy)


CONTROLS = (readable_manifests,)
