"""How a release went on after Pulumi was done: from what Argo Rollouts says of it."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.errors import DeployError
from deploy.follow import Place, TakenBack, follow, outcome, progress


def rollout(phase: str, seen: int = 2, **status: Any) -> dict[str, Any]:
    """A Rollout whose second release the controller has seen or not."""
    steps = [{"setWeight": 10}, {"analysis": {}}, {"setWeight": 50}, {"analysis": {}}]
    spec = {"strategy": {"canary": {"steps": steps}}}
    found = {"phase": phase, "observedGeneration": str(seen), "replicas": 4, "updatedReplicas": 1, **status}
    return {"metadata": {"generation": 2}, "spec": spec, "status": found}


def test_it_is_done_when_the_newest_release_is_all_there_is() -> None:
    assert outcome(rollout("Healthy"))
    assert not outcome(rollout("Progressing"))
    assert not outcome(rollout("Paused"))


@pytest.mark.parametrize("phase", ["Healthy", "Degraded"])
def test_what_was_before_the_release_says_nothing_of_it(phase: str) -> None:
    assert not outcome(rollout(phase, seen=1))


def test_a_release_that_did_badly_is_told_with_the_reason_and_the_way_on() -> None:
    with pytest.raises(TakenBack, match=r'(?s)Metric "failing".*get analysisruns'):
        outcome(rollout("Degraded", message='RolloutAborted: Metric "failing" assessed Failed'))


def test_each_step_is_told() -> None:
    assert progress(rollout("Progressing", currentStepIndex=1)) == "Progressing, step 2 of 4: 1 new pods of 4"
    assert progress(rollout("Healthy", currentStepIndex=4, updatedReplicas=4)).startswith("Healthy, step 4 of 4")


def test_without_kubectl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeployError, match="kubectl is not on the PATH"):
        follow(Place("diagnosis", "services"))
