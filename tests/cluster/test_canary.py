"""A new version is judged on a real cluster, by a real Argo Rollouts that asks a real Prometheus."""

import pytest

from cluster.prometheus import scraped
from cluster.release import SELECTOR
from pressure import pressure

ANALYSIS = {"delay_seconds": 5, "interval_seconds": 3, "count": 4}
CANARY = {"kind": "canary", "weights": [34], "analysis": ANALYSIS}
REPLICAS = {"minimum": 2, "maximum": 2}
TOO_LATE = {"deadline_seconds": 0.000001}
"""A setting with which the service starts, is ready, and can answer nothing in time."""


@pytest.fixture
def running(rollouts, release, watcher):
    """Version 1 is served by a Rollout, and Prometheus sees it."""
    objects = release.deploy(strategy=CANARY, scaling=REPLICAS)
    (monitor,) = (one for one in objects if one["kind"] == "ServiceMonitor")
    with scraped(watcher, release.kube, monitor):
        settled(release, "Healthy")
        release.kube.until(lambda: len(release.ready) == REPLICAS["minimum"])
        seen = f'sum(model_ready{{namespace="{release.kube.namespace}"}})'
        release.kube.until(lambda: watcher.ask(seen) == [REPLICAS["minimum"]])
        yield release


def settled(release, phase):
    """Waits until the controller has seen the newest release and is done with it in a certain way."""

    def there():
        found = release.kube.get("rollout", "diagnosis")
        status = found.get("status", {})
        assert status.get("phase") == phase or status.get("phase") != "Degraded", status.get("message")
        seen = status.get("observedGeneration") == str(found["metadata"]["generation"])
        return seen and status.get("phase") == phase

    release.kube.until(there)


def versions(release):
    """The model versions of the pods that are ready."""
    return sorted(pod["spec"]["initContainers"][0]["args"][1] for pod in release.ready)


def test_a_good_version_passes_its_analysis_and_replaces_the_old_one(running, material):
    with pressure(material, running.port) as load:
        running.deploy(strategy=CANARY, scaling=REPLICAS, model_version="2")
        settled(running, "Healthy")
        load.goes_on(500, "2")
        outcome = load.finish()
    (run,) = running.kube.get("analysisruns")["items"]
    assert run["status"]["phase"] == "Successful"
    measured = {metric["name"]: metric["measurements"] for metric in run["status"]["metricResults"]}
    assert measured.keys() == {"seen", "failing", "degraded", "slow"}
    assert all(len(each) == ANALYSIS["count"] for each in measured.values())
    assert {each["value"] for each in measured["seen"]} == {"[1]"}
    assert versions(running) == ["2", "2"]
    assert outcome.none_lost_or_wrong, f"{outcome}\n{running.kube.told()}"


def test_a_bad_version_is_taken_back_by_itself(running, material):
    """Callers that met it got an error document, nobody lost a request, and the old version answers all again."""
    stable = {pod["metadata"]["name"] for pod in running.ready}
    with pressure(material, running.port) as load:
        running.deploy(strategy=CANARY, scaling=REPLICAS, service=TOO_LATE)
        settled(running, "Degraded")
        running.kube.until(lambda: len(running.kube.pods(SELECTOR)) == len(stable))
        load.goes_on(500, "1")
        outcome = load.finish()
    (run,) = running.kube.get("analysisruns")["items"]
    assert run["status"]["phase"] == "Failed"
    failed = [metric["name"] for metric in run["status"]["metricResults"] if metric["phase"] == "Failed"]
    assert "failing" in failed
    assert stable == {pod["metadata"]["name"] for pod in running.ready}, "the old pods were there all along"
    assert outcome.promised(lost=0, refusals=outcome.refused), str(outcome)
    assert outcome.refused, "the bad version was asked"
    assert outcome.answered > sum(outcome.refused.values())
    running.deploy(strategy=CANARY, scaling=REPLICAS)
    settled(running, "Healthy")
