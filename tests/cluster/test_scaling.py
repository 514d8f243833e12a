"""Replicas come when there is work, on a real cluster that measures CPU."""

import pytest

from cluster.kube import Kube
from needs import need
from pressure import pressure

FEW = {"minimum": 1, "maximum": 2, "cpu_percent": 50}


@pytest.fixture(scope="session")
def metrics(kubectl):
    """The cluster measures what pods use."""
    served = Kube(kubectl, "default").run("get", "apiservices", "--output=name")
    need("v1beta1.metrics.k8s.io" in served, "install metrics-server on the cluster")


def test_a_replica_joins_under_load_and_nobody_notices(metrics, release, material):
    release.deploy(scaling=FEW, resources={"cpu": "100m", "memory": "256Mi"})
    release.kube.until(lambda: len(release.ready) == 1)
    with pressure(material, release.port) as load:
        release.kube.until(lambda: len(release.ready) == FEW["maximum"], 300)
        load.goes_on(500)
        outcome = load.finish()
    scaler = release.kube.get("horizontalpodautoscaler", "diagnosis")
    assert scaler["status"]["desiredReplicas"] == FEW["maximum"]
    assert outcome.none_lost_or_wrong, f"{outcome}\n{release.kube.told()}"
