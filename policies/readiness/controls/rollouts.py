"""D4: a new version meets real traffic in steps, and a metric decides whether it goes on."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.progressive import (
    analyses,
    canary_share,
    driven,
    replaceable,
    rollouts,
    strategy,
    takes_calls,
    template_names,
    templates,
)
from readiness.facts.reach import keeps_one_volume
from readiness.facts.resources import Resource, fields, line_of, mappings
from readiness.facts.scaling import scales_itself
from readiness.facts.workloads import Workload

CANARY = "https://argo-rollouts.readthedocs.io/en/stable/features/canary/"
ANALYSIS = "https://argo-rollouts.readthedocs.io/en/stable/features/analysis/"
BLUE_GREEN = "https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/"
LIVE = ("staging", "prod")


@control(
    id="D4.progressive",
    title="Every workload that callers reach takes a new version in steps or beside the old one",
    why="a plain rolling update sends all callers to a version that nothing but its probes has tried",
    remedy="kind: Rollout (argoproj.io/v1alpha1) with strategy: {canary: {steps: [{setWeight: 10}, {pause: {duration: "
    "5m}}]}}",
    severity="high",
    kind="resources",
    sources=(CANARY, BLUE_GREEN, "https://docs.flagger.app/usage/deployment-strategies"),
    subjects=replaceable,
    needs="a workload that serves (Rollout, Deployment, InferenceService, …)",
    environments=LIVE,
)
def progressive(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if keeps_one_volume(workload) or not takes_calls(workload, facts):
        return
    if scales_itself(workload):
        if not canary_share(workload):
            yield Problem("all traffic goes to the newest revision at once")
        return
    rollout = workload.resource if workload.resource.kind == "Rollout" else driven(workload, facts)
    if rollout is None:
        yield Problem(f"a {workload.resource.kind} replaces all copies, whatever callers then see")
    elif rollout.kind == "Rollout":
        yield from one_way(rollout)


def one_way(rollout: Resource) -> Iterator[Problem]:
    """What is wrong with the strategy of a Rollout: none, or a canary that begins with everything."""
    canary = strategy(rollout, "canary")
    if canary is None and strategy(rollout, "blueGreen") is None:
        yield Problem(f"{rollout.label} has no strategy", rollout.line, rollout.file)
    if canary is not None:
        place = (line_of(canary), rollout.file)  # the Rollout may stand elsewhere than what it drives
        weights = [one["setWeight"] for one in mappings(canary, "steps") if "setWeight" in one]
        if not weights:
            yield Problem("the canary has no step that sets a weight, so it is a plain rolling update", *place)
        elif weights[0] >= 100:
            yield Problem("the first step of the canary sends it all the traffic", *place)


@control(
    id="D4.analysis",
    title="Every Rollout has its new version judged by metrics",
    why="steps without a judge only delay the damage; a person who watches each release is asleep for some of them",
    remedy="strategy: {canary: {analysis: {templates: [{templateName: NAME}], startingStep: 1}}}",
    severity="high",
    kind="resources",
    sources=(ANALYSIS,),
    subjects=rollouts,
    environments=LIVE,
)
def analysis(rollout: Resource, facts: Facts) -> Iterator[Problem]:
    if not list(analyses(rollout)):
        yield Problem("no analysis judges a new version, so nothing sends it back")


@control(
    id="D4.analysis-template",
    title="Every analysis runs templates that exist, with the arguments they ask for",
    why="a Rollout whose template is missing is degraded at the first release, when it is needed",
    remedy="templateName: NAME of kubectl get analysistemplates, and args: [{name: …, value: …}] for each of its args",
    severity="high",
    kind="resources",
    sources=(ANALYSIS,),
    subjects=rollouts,
)
def analysis_template(rollout: Resource, facts: Facts) -> Iterator[Problem]:
    for one in analyses(rollout):
        names = list(template_names(one))
        if not names:
            yield Problem("an analysis names no template", line_of(one))
        given = {arg.get("name") for arg in mappings(one, "args")}
        for kind, name in names:
            template = facts.resources.find(kind, "" if kind.startswith("Cluster") else rollout.namespace, name)
            if template is None:
                yield Problem(f"there is no {kind} {name} in namespace {rollout.namespace}", line_of(one))
                continue
            asked = [arg for arg in mappings(template.spec, "args") if not {"value", "valueFrom"} & arg.keys()]
            for arg in asked:
                if arg.get("name") not in given:
                    yield Problem(f"{name} asks for the argument {arg.get('name')}, which is not given", line_of(one))


@control(
    id="D4.analysis-decides",
    title="Every metric of an analysis says what is good or bad, and is asked more than once",
    why="a measurement without a condition always succeeds; one look right after the start sees no traffic yet",
    remedy="interval: 30s, count: 10, successCondition: result[0] >= 0.99, failureLimit: 1",
    severity="high",
    kind="resources",
    sources=(ANALYSIS,),
    subjects=templates,
)
def analysis_decides(template: Resource, facts: Facts) -> Iterator[Problem]:
    metrics = mappings(template.spec, "metrics")
    if not metrics:
        yield Problem("it measures nothing")
    for metric in metrics:
        provider = fields(metric, "provider")
        name = metric.get("name")
        if not provider:
            yield Problem(f"metric {name} has no provider", line_of(metric))
        if "job" in provider:
            continue  # a job decides by how it ends
        if not metric.get("successCondition") and not metric.get("failureCondition"):
            yield Problem(f"metric {name} has neither successCondition nor failureCondition", line_of(metric))
        if not metric.get("interval"):
            yield Problem(f"metric {name} has no interval, so it is looked at once", line_of(metric))
        elif "count" in metric and int(metric["count"]) == 1:
            yield Problem(f"metric {name} has count 1, so it is looked at once", line_of(metric))


@control(
    id="D4.traffic-services",
    title="Every Service that a Rollout switches exists",
    why="without them a release stops half-way: the new copies run and no caller reaches them",
    remedy="one Service for each of activeService, previewService, stableService and canaryService, with the pods' "
    "labels",
    severity="high",
    kind="resources",
    sources=(BLUE_GREEN, "https://argo-rollouts.readthedocs.io/en/stable/features/traffic-management/"),
    subjects=rollouts,
)
def traffic_services(rollout: Resource, facts: Facts) -> Iterator[Problem]:
    for kind, names in (
        ("canary", ("stableService", "canaryService")),
        ("blueGreen", ("activeService", "previewService")),
    ):
        chosen = strategy(rollout, kind) or {}
        for key in names:
            name = chosen.get(key)
            if name is not None and facts.resources.find("Service", rollout.namespace, str(name)) is None:
                yield Problem(f"{key} is {name}, but there is no such Service in {rollout.namespace}", line_of(chosen))
        if kind == "blueGreen" and chosen and not chosen.get("activeService"):
            yield Problem("a blue-green strategy has no activeService", line_of(chosen))


CONTROLS = (progressive, analysis, analysis_template, analysis_decides, traffic_services)
