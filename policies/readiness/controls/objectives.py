"""G4 and G5: objectives are numbers that are measured; cost has an owner, a budget and somebody who looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from readiness.control import Problem, control
from readiness.controls.subjects import repository
from readiness.facts import Facts
from readiness.facts.pages import pages, under
from readiness.facts.repository import Repository

SLO = "https://sre.google/workbook/implementing-slos/"
FINOPS = "https://www.finops.org/framework/"
FIGURE = re.compile(r"\b9\d(\.\d+)?\s?%|\b0\.9\d*\b|\b\d+\s?(ms|milliseconds)\b|\b\d+(\.\d+)?\s?s(econds)?\b")
OBJECTIVE = r"\b(slo|sla|slos|slas)\b|service level|objective"
IN_FILES = re.compile(r"(?i)(^|/)slos?[/.]")  # settings or code that hold objectives
BURN = re.compile(r"(?i)burn|slo|error_?(budget|ratio|rate)|availability")
OBJECTS = ("PrometheusServiceLevel", "ServiceLevelObjective", "SLO")
MONEY = re.compile(r"(?i)[$€£]\s?\d|\d\s?(USD|EUR|GBP|dollars|euros)\b|budget")
BUDGETS = re.compile(r"aws_budgets_budget|azurerm_consumption_budget|google_billing_budget|aws\.budgets|budgets:")


@control(
    id="G4.objectives-are-numbers",
    title="Objectives for availability and latency are written down as numbers",
    why="without a number nobody can say whether a slow week was a breach, or when to stop shipping",
    remedy="write into the README or slo.yaml: 99.9 % of requests in 30 days answered, 99 % within 200 ms",
    severity="medium",
    kind="repository",
    sources=(SLO,),
    subjects=repository,
)
def objectives_are_numbers(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if any(facts.resources.of(*OBJECTS)) or any(IN_FILES.search(file.path) for file in repo.role("yaml", "python")):
        return
    parts = [part for page in pages(repo) for part in under(page, OBJECTIVE)]
    if not parts:
        yield Problem("no page states an objective (SLO, SLA)")
    elif not any(FIGURE.search(part.text) for part in parts):
        yield Problem("it states objectives without a number", parts[0].line, parts[0].file)


@control(
    id="G4.objectives-measured",
    title="A rule measures each objective and tells when its budget burns",
    why="an objective that nothing measures is a wish",
    remedy="record: service:error_ratio:rate5m; alert: ErrorBudgetBurn, expr: … > 14.4 * 0.001",
    severity="medium",
    kind="repository",
    sources=(SLO, "https://sre.google/workbook/alerting-on-slos/"),
    subjects=repository,
)
def objectives_measured(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if any(facts.resources.of(*OBJECTS)):
        return
    if any(BURN.search(f"{rule.alert} {rule.record}") for rule in facts.rules.all):
        return
    for path in facts.rules.makers:
        folder = PurePosixPath(path).parent
        near = (module for module in facts.code.product if PurePosixPath(module.file).is_relative_to(folder))
        if any(re.search(r"(?i)burn", text) for module in near for text, _ in module.strings):
            return
    yield Problem("no rule records an error ratio or alerts on a burning budget")


@control(
    id="G5.cost-written-down",
    title="What the service costs, or may cost, is written down, and a budget watches it",
    why="nobody notices a node pool that was left running until the bill comes",
    remedy="write docs/cost.md: cost of each environment, budget; aws_budgets_budget with a notification at 80 %",
    severity="medium",
    kind="repository",
    sources=(FINOPS,),
    subjects=repository,
)
def cost_written_down(repo: Repository, facts: Facts) -> Iterator[Problem]:
    parts = [part for page in pages(repo) for part in under(page, r"\bcosts?\b|budget|spend")]
    if not any(MONEY.search(part.text) for part in parts):
        yield Problem("no page says what the service costs or may cost")
    watched = any(facts.resources.of("aws:budgets/budget:Budget"))
    if not watched and not any(BUDGETS.search(file.text) for file in repo.role("terraform", "python")):
        tools = ("infracost", "opencost", "kubecost")
        if not any(call.runs(*tools) for call in facts.pipelines.calls):
            yield Problem("nothing watches the cost: no budget, no infracost in CI, no OpenCost")


@control(
    id="G5.owner-named",
    title="What is deployed carries the name of its owner",
    why="a bill that is split by nobody is everybody's and nobody's",
    remedy='labels: {team: NAME}  (Terraform: default_tags {tags = {owner = "NAME"}})',
    severity="low",
    kind="repository",
    sources=(FINOPS,),
    subjects=repository,
)
def owner_named(repo: Repository, facts: Facts) -> Iterator[Problem]:
    wanted = re.compile(r"(?im)(^|[\s\"'{,/._-])(owner|team|cost[-_]?cent(er|re))[\"']?\s*[:=]")
    found = repo.role("yaml", "terraform", "helm-template")
    deployed = [file for file in found if not file.path.startswith(".") and "docs/" not in file.path]
    made = [module.source for module in facts.code.product if module.packages & {"pulumi", "aws_cdk", "cdktf"}]
    if not any(wanted.search(file.text) for file in (*deployed, *made)):
        yield Problem("no label or tag of what is deployed names an owner, team or cost centre")


CONTROLS = (objectives_are_numbers, objectives_measured, cost_written_down, owner_named)
