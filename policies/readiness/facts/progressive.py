"""How a workload takes a new version: at once, in steps, or beside the old one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from readiness.facts import Facts
from readiness.facts.reach import reached, scalable
from readiness.facts.resources import Resource, fields, follow, mappings
from readiness.facts.scaling import KNATIVE
from readiness.facts.selection import matching, same_namespace
from readiness.facts.workloads import Workload

ARGO, FLAGGER = "argoproj.io", "flagger.app"


def rollouts(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("Rollout", group=ARGO)


def replaceable(facts: Facts) -> Iterator[Workload]:
    """The workloads that take new versions of what callers reach."""
    return (one for one in scalable(facts) if one.resource.kind not in ("ReplicaSet", "StatefulSet"))


def takes_calls(workload: Workload, facts: Facts) -> bool:
    """Callers reach it: through a Service, or as its kind brings one. Raises ``UnknownValue`` if nobody can tell."""
    by_itself = workload.resource.kind in ("Rollout", "InferenceService") or workload.resource.group == KNATIVE
    return by_itself or bool(reached(workload, facts))


def strategy(rollout: Resource, kind: str) -> dict[str, Any] | None:
    """The ``canary`` or ``blueGreen`` strategy of a Rollout; None if it is the other."""
    chosen = fields(rollout.spec, "strategy")
    return fields(chosen, kind) if chosen.get(kind) is not None else None


def driven(workload: Workload, facts: Facts) -> Resource | None:
    """What releases a workload from outside: a Rollout that refers to it, or a Canary of Flagger."""
    own = (workload.resource.kind, workload.resource.name)

    def refers(other: Resource) -> bool:
        if not same_namespace(other, workload.resource):
            return False
        reference = fields(other.spec, "workloadRef" if other.kind == "Rollout" else "targetRef")
        return (reference.get("kind"), reference.get("name")) == own

    others = [*rollouts(facts), *facts.resources.of("Canary", group=FLAGGER)]
    return next(iter(matching(others, refers)), None)


def analyses(rollout: Resource) -> Iterator[dict[str, Any]]:
    """Each place of a Rollout that has a version judged: in the background, as a step, before or after a switch."""
    canary, blue_green = strategy(rollout, "canary"), strategy(rollout, "blueGreen")
    if canary is not None:
        if canary.get("analysis"):
            yield fields(canary, "analysis")
        for step in mappings(canary, "steps"):
            if step.get("analysis"):
                yield fields(step, "analysis")
    if blue_green is not None:
        for when in ("prePromotionAnalysis", "postPromotionAnalysis"):
            if blue_green.get(when):
                yield fields(blue_green, when)


def template_names(analysis: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of each template that an analysis runs."""
    for one in mappings(analysis, "templates"):
        kind = "ClusterAnalysisTemplate" if one.get("clusterScope") else "AnalysisTemplate"
        yield kind, str(one.get("templateName"))


def templates(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("AnalysisTemplate", "ClusterAnalysisTemplate", group=ARGO)


def canary_share(workload: Workload) -> bool:
    """A KServe or Knative workload sends a share of the traffic to the new revision."""
    if workload.resource.kind == "InferenceService":
        return workload.pod.get("canaryTrafficPercent") is not None
    traffic = follow(workload.resource.spec, ("traffic",)) or []
    return len(traffic) > 1
