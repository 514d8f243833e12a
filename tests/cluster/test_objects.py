"""The API server takes every object of every environment and strategy, without a warning."""

import pytest

from cluster.kube import Kube, namespace
from cluster.release import planned
from needs import need

PLATFORM = {
    "tracking_uri": "http://mlflow.platform:5000",
    "prometheus_url": "http://prometheus.observability:9090",
    "otlp_endpoint": "http://collector.observability:4318",
    "runbook_base": "https://runbooks.example",
    "context": "tests",
}
BY_REQUESTS = {"scaling": {"minimum": 2, "maximum": 4, "requests_per_second": 300}}
RELEASES = [
    ("dev", {}),
    ("staging", {}),
    ("prod", {}),
    ("prod", {"strategy": {"kind": "rolling"}}),
    ("prod", {"strategy": {"kind": "blue-green"}, **BY_REQUESTS}),
]


@pytest.fixture(scope="module")
def kube(kubectl):
    """A namespace of a cluster that knows the kinds of Argo Rollouts, the Prometheus operator and KEDA."""
    known = Kube(kubectl, "default").run("api-resources", "--output=name").split()
    for kind in ("rollouts.argoproj.io", "servicemonitors.monitoring.coreos.com", "scaledobjects.keda.sh"):
        need(kind in known, f"install the kind {kind} on the cluster")
    with namespace(kubectl) as found:
        yield found


@pytest.mark.parametrize(("environment", "settings"), RELEASES, ids=str)
def test_the_api_server_takes_every_object(environment, settings, kube, project, project_env):
    chosen = {"namespace": kube.namespace, "platform": PLATFORM, **settings}
    objects = planned(project, project_env, environment, **chosen)
    kube.apply(*objects, dry=True)
    odd = {**objects[-1], "spec": {**objects[-1]["spec"], "replicaz": 3}}
    with pytest.raises(AssertionError, match="replicaz"):
        kube.apply(odd, dry=True)
