"""D5: the version before is kept, and a release that does not work ends by itself."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.progressive import analyses as analyses_of
from readiness.facts.progressive import driven, replaceable, takes_calls
from readiness.facts.reach import keeps_one_volume
from readiness.facts.scaling import number, scales_itself
from readiness.facts.workloads import Workload

HISTORY = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#revision-history-limit"
DEADLINE = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds"
ABORT = "https://argo-rollouts.readthedocs.io/en/stable/features/analysis/"
# Both are kept where nothing is said: 10 revisions, 600 seconds.
LEAST_REVISIONS = 2
LONGEST_SECONDS = 3600


def with_history(facts: Facts) -> Iterator[Workload]:
    """What keeps its revisions itself: Deployments, Rollouts."""
    return (one for one in replaceable(facts) if not scales_itself(one))


@control(
    id="D5.history",
    title=f"Every workload keeps at least {LEAST_REVISIONS} revisions",
    why="kubectl rollout undo has nothing to return to once the revision before is gone",
    remedy="revisionHistoryLimit: 5, or leave it out: 10 are kept by default",
    severity="high",
    kind="resources",
    sources=(HISTORY,),
    subjects=with_history,
    needs="a workload that serves (Deployment, Rollout)",
    alone=True,
)
def history(workload: Workload, facts: Facts) -> Iterator[Problem]:
    kept = number(workload.resource.spec, "revisionHistoryLimit", LEAST_REVISIONS)
    if kept < LEAST_REVISIONS:
        yield Problem(f"it keeps {kept} revisions")


@control(
    id="D5.progress-deadline",
    title="A release that makes no progress is given up within the hour",
    why="one that nobody gives up leaves half of the copies old and half broken, and tells nobody",
    remedy="progressDeadlineSeconds: 600, or leave it out: that is the default",
    severity="medium",
    kind="resources",
    sources=(DEADLINE,),
    subjects=with_history,
    alone=True,
)
def progress_deadline(workload: Workload, facts: Facts) -> Iterator[Problem]:
    seconds = number(workload.resource.spec, "progressDeadlineSeconds", LONGEST_SECONDS)
    if seconds > LONGEST_SECONDS:
        yield Problem(f"progressDeadlineSeconds is {seconds}")
    if workload.resource.spec.get("paused"):
        yield Problem("it is paused: it takes no new version, and no old one either")


@control(
    id="D5.automatic",
    title="A bad version is sent back without a person",
    why="the time to find out, wake somebody and type a command is time in which callers get errors",
    remedy="strategy: {canary: {analysis: {templates: [{templateName: NAME}]}}} in a Rollout: a failed analysis "
    "returns to the old version",
    severity="medium",
    kind="resources",
    sources=(ABORT,),
    subjects=with_history,
    environments=("staging", "prod"),
)
def automatic(workload: Workload, facts: Facts) -> Iterator[Problem]:
    if keeps_one_volume(workload) or not takes_calls(workload, facts):
        return
    rollout = workload.resource if workload.resource.kind == "Rollout" else driven(workload, facts)
    if rollout is None:
        yield Problem(f"nothing sends a {workload.resource.kind} back but a person")
    elif rollout.kind == "Rollout" and not list(analyses_of(rollout)):
        yield Problem("no analysis is wired, so nothing sends a bad version back")


CONTROLS = (history, progress_deadline, automatic)
