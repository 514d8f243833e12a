"""The default project with its deployment and the stacks, for prod: what passes today, and what keeps the rest from it.

A regression of the template, of a stack or of the gate shows as a difference to these tables. What is not built yet
fails; what nobody tried yet is not evaluated, and says which command keeps the evidence.
"""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from needs import need
from repository import ROOT, commit

POLICIES, STACKS = ROOT / "policies", ("cluster", "secrets", "registry", "observability")
DIGEST = "sha256:" + 64 * "0"
RELEASED = {"image": f"web@{DIGEST}", "pull_image": f"pull@{DIGEST}", "model_version": "1"}

FAIL = {"M4"}
NOT_EVALUATED = {"D5", "M1", "R1", "R2", "R4", "R5"}

NOT_BUILT = {"M4.drift-alerted", "M4.drift-watched", "M4.outcomes-compared", "S5.licences-of-dependencies"}
NOT_TRIED = {
    "D5.rollback-drill": "rollback-drill",
    "R1.recovery-drill": "recovery-drill",
    "R2.restore-drill": "restore-drill",
    "R4.load-test-result": "load-test",
    "R5.incident-exercise": "incident-exercise",
    "S4.vulnerability-scan": "vulnerability-scan",
}
NOT_RENDERED = {
    "M1.pod-monitor-selects": {
        "PodMonitor/observability/argo-rollouts",
        "PodMonitor/observability/keda",
        "PodMonitor/platform/external-secrets",
    }
}


def readiness(*words):
    """What the gate says, as JSON."""
    command = [sys.executable, "-m", "readiness", *map(str, words), "--format", "json"]
    done = subprocess.run(command, cwd=POLICIES, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def judged(bake, tmp_path_factory):
    """The report on the default project, with all that it and the platform would make in prod."""
    need(find_spec("pulumi_aws"), "install requirements/stacks.txt")
    project = bake(tmp_path_factory.mktemp("generated"))
    commit(project)
    plan = project.parent / "plan.json"
    programs = [*(ROOT / "stacks" / name for name in STACKS), project / "deploy"]
    given = [word for key, value in RELEASED.items() for word in ("--config", f"{project.name}:{key}={value}")]
    readiness("preview", *programs, *given, "--save", plan)
    return readiness("check", project, "--resources", plan, "--runbooks", ROOT / "runbooks")


@pytest.fixture(scope="module")
def short_of(judged):
    """The results that do not pass, by control."""
    found = {}
    for one in judged["results"]:
        if one["verdict"] != "pass":
            found.setdefault(one["control"], []).append(one)
    return found


def test_every_item_passes_but_those_that_wait_for_something_named_here(judged):
    verdicts = {id: item["verdict"] for id, item in judged["items"].items()}
    assert {id for id, verdict in verdicts.items() if verdict == "fail"} == FAIL
    assert {id for id, verdict in verdicts.items() if verdict == "not-evaluated"} == NOT_EVALUATED
    assert set(verdicts.values()) == {"pass", "fail", "not-evaluated"}, "nothing is waived"


def test_no_control_keeps_them_but_these(short_of):
    assert set(short_of) == NOT_BUILT | set(NOT_TRIED) | set(NOT_RENDERED)


def test_what_is_not_built_fails(short_of):
    assert {one["verdict"] for control in NOT_BUILT for one in short_of[control]} == {"fail"}


@pytest.mark.parametrize(("control", "kind"), NOT_TRIED.items(), ids=NOT_TRIED)
def test_what_nobody_tried_says_which_command_keeps_the_evidence(short_of, control, kind):
    (one,) = short_of[control]
    assert one["verdict"] == "not-evaluated"
    assert f"this needs evidence: {kind}" in one["message"]
    assert f"readiness evidence add {kind} " in one["remedy"]


@pytest.mark.parametrize(("control", "resources"), NOT_RENDERED.items(), ids=NOT_RENDERED)
def test_what_only_a_chart_knows_says_how_to_render_it(short_of, control, resources):
    assert {one["resource"] for one in short_of[control]} == resources
    for one in short_of[control]:
        assert one["verdict"] == "not-evaluated"
        assert "helm template" in one["message"]


@pytest.mark.parametrize("provider", ["github", "gitlab", "jenkins"])
def test_ci_does_the_same_everywhere(bake, tmp_path, provider):
    project = bake(tmp_path, ci_provider=provider)
    commit(project)
    results = readiness("check", project)["results"]
    failing = {one["control"] for one in results if one["verdict"] == "fail"}
    assert failing == NOT_BUILT | {"G5.cost-written-down"}, "the budget is among the platform's resources"
