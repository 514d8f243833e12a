"""A new version is judged on a real cluster, by a real Argo Rollouts that asks a real Prometheus.

AIRWORTHY_ROUNDS says how often each release is made: once by default, more to measure.
"""

import os
import time

import pytest

from cluster.prometheus import scraped
from cluster.release import SELECTOR
from pressure import pressure

ROUNDS = int(os.environ.get("AIRWORTHY_ROUNDS", "1"))
pytestmark = pytest.mark.timeout(600 * ROUNDS)
ANALYSIS = {"delay_seconds": 10, "interval_seconds": 3, "count": 4}
REPLICAS = {"minimum": 2, "maximum": 2}
CANARY = {"strategy": {"kind": "canary", "weights": [34], "analysis": ANALYSIS}, "scaling": REPLICAS}
BLUE_GREEN = {"strategy": {"kind": "blue-green", "keep_seconds": 60, "analysis": ANALYSIS}, "scaling": REPLICAS}
TOO_LATE = {"deadline_seconds": 0.000001}
"""A setting with which the service starts, is ready, and can answer nothing in time."""


@pytest.fixture(params=[CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def running(rollouts, release, watcher, request):
    """Version 1 is served by a Rollout, and Prometheus sees it; and the settings that say so."""
    objects = release.deploy(**request.param)
    (monitor,) = (one for one in objects if one["kind"] == "ServiceMonitor")
    with scraped(watcher, release.kube, monitor):
        stays, told = release.follow()
        assert stays, told
        release.kube.until(lambda: len(release.ready) == REPLICAS["minimum"])
        seen = f'sum(model_ready{{namespace="{release.kube.namespace}"}})'
        release.kube.until(lambda: watcher.ask(seen) == [REPLICAS["minimum"]])
        yield release, request.param


def newest(release):
    """The newest analysis: its phase, and what it measured by the names of the metrics."""
    runs = release.kube.get("analysisruns", "--sort-by=.metadata.creationTimestamp")["items"]
    status = runs[-1]["status"]
    return status["phase"], {metric["name"]: metric for metric in status["metricResults"]}


def test_a_good_version_passes_its_analysis_and_replaces_the_old_one(running, material):
    release, settings = running
    with pressure(material, release.port) as load:
        release.deploy(**settings, model_version="2")
        stays, told = release.follow()
        assert stays, f"{told}\n{release.kube.told()}"
        load.goes_on(500, "2")
        outcome = load.finish()
    phase, measured = newest(release)
    assert phase == "Successful"
    assert measured.keys() == {"seen", "failing", "degraded", "slow"}
    assert all(len(metric["measurements"]) == ANALYSIS["count"] for metric in measured.values())
    assert outcome.none_lost_or_wrong, f"{outcome}\n{release.kube.told()}"


def test_a_bad_version_is_taken_back_by_itself(running, material):
    """Callers that met it got an error document, nobody lost a request, and the old version answers all again."""
    release, settings = running
    stable = {pod["metadata"]["name"] for pod in release.ready}
    with pressure(material, release.port) as load:
        for _ in range(ROUNDS):
            began = time.monotonic()
            release.deploy(**settings, service=TOO_LATE)
            stays, told = release.follow()
            assert not stays, told
            assert 'Metric "failing" assessed Failed' in told
            print(f"\ntaken back after {time.monotonic() - began:.0f} s", end="")
            phase, measured = newest(release)
            assert (phase, measured["failing"]["phase"]) == ("Failed", "Failed")
            load.goes_on(500, "1")
            release.deploy(**settings)
            stays, told = release.follow()
            assert stays, told
        release.kube.until(lambda: {pod["metadata"]["name"] for pod in release.kube.pods(SELECTOR)} == stable)
        load.goes_on(500, "1")
        outcome = load.finish()
    assert outcome.promised(lost=0, refusals=outcome.refused), f"{outcome}\n{release.kube.told()}"
    assert outcome.refused, "the bad version was asked"
