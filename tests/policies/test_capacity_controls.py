"""Quotas: whether all copies that there may be at once fit into them, whatever the unit."""

import pytest
from judged import kubernetes, messages, refuses, verdicts

POD = {"containers": [{"name": "web", "image": "web"}]}
PREDICTOR = {"model": {}, "maxReplicas": 3}
SERVED = kubernetes("InferenceService", "serving.kserve.io/v1beta1", spec={"predictor": PREDICTOR})
ONE = kubernetes("InferenceService", "serving.kserve.io/v1beta1", spec={"predictor": {"model": {}}})


def workload(namespace=None, resources=None, **spec):
    pod = {"containers": [{"name": "web", "image": "web", "resources": resources or {}}]}
    return kubernetes("Deployment", "apps/v1", namespace, spec={"template": {"spec": pod}, **spec})


def hpa(most):
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": most}
    return kubernetes("HorizontalPodAutoscaler", "autoscaling/v2", spec=spec)


HOLDS = "R4.quota-holds"
AMOUNTS = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": 1, "memory": "2Gi"}}
BOUNDS = {
    "cpu": ("1", "999m"),
    "memory": ("2Gi", "2047Mi"),
    "requests.cpu": ("1", "0.9"),
    "requests.memory": ("2Gi", "2047Mi"),
    "limits.cpu": ("2", "1999m"),
    "limits.memory": ("4Gi", "4095Mi"),
    "pods": ("2", "1"),
}


def quota(key, amount, version="v1"):
    return kubernetes("ResourceQuota", version, spec={"hard": {key: amount}})


@pytest.mark.parametrize("key", BOUNDS)
def test_quotas(key):
    enough, less = BOUNDS[key]
    two = workload(replicas=2, resources=AMOUNTS)
    assert not refuses(HOLDS, two, quota(key, enough))
    assert refuses(HOLDS, two, quota(key, less))


@pytest.mark.parametrize(
    ("objects", "pods"),
    [
        ([workload()], 1),
        ([workload(replicas=2), hpa(5)], 5),
        ([SERVED], 3),
        ([ONE], 1),
        ([workload(replicas=2), SERVED], 5),
        ([workload(replicas=2), workload(namespace="apps", replicas=7)], 2),
        ([workload(replicas=2), kubernetes("Job", "batch/v1", spec={"template": {"spec": POD}})], 2),
    ],
)
def test_pods_at_the_most(objects, pods):
    assert not refuses(HOLDS, *objects, quota("pods", pods))
    assert refuses(HOLDS, *objects, quota("pods", pods - 1))


UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}


@pytest.mark.parametrize("unit", UNITS)
def test_units_of_quantities(unit):
    thousand = workload(resources={"requests": {"memory": f"1000{unit}"}})
    assert not refuses(HOLDS, thousand, quota("memory", 1000 * UNITS[unit]))
    assert refuses(HOLDS, thousand, quota("memory", 999 * UNITS[unit]))


@pytest.mark.parametrize("amount", ["much", "1K", "1ki", "1mi", "-1", "1.", ""])
def test_what_is_no_quantity(amount):
    assert messages(HOLDS, workload(), quota("cpu", amount)) == [f"{amount!r} is no quantity such as 500m or 1Gi"]


def test_what_requests_nothing_takes_nothing_of_a_quota():
    assert not refuses(HOLDS, workload(), quota("cpu", 0))


def test_a_quota_of_another_api_is_none_of_kubernetes():
    assert verdicts(HOLDS, workload(), quota("pods", 0, "example.com/v1")) == set()
