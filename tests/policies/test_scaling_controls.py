"""Copies and autoscalers: how few and how many there may be, and what they are scaled by."""

import pytest
from judged import kubernetes, messages, refuses, verdicts

from readiness.control import Verdict

POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
SERVICE = kubernetes("Service", spec={"selector": {"app": "web"}})
SERVED = kubernetes("InferenceService", "serving.kserve.io/v1beta1", spec={"predictor": {"model": {}}})
KNATIVE = kubernetes("Service", "serving.knative.dev/v1", spec={"template": POD})
LIVE = {"staging": True, "prod": True, "dev": False}
SHARE = {"type": "Utilization", "averageUtilization": 70}


def workload(kind="Deployment", namespace=None, resources=None, init=(), **spec):
    container = {"name": "web", "image": "web", "resources": resources or {}}
    pod = {"containers": [container], "initContainers": list(init)}
    return kubernetes(kind, "apps/v1", namespace, spec={"template": {**POD, "spec": pod}, **spec})


def hpa(name="web", least=2, most=4, namespace=None, target=("Deployment", "web"), metrics=()):
    reference = dict(zip(("kind", "name"), target, strict=True))
    spec = {"scaleTargetRef": reference, "minReplicas": least, "maxReplicas": most, "metrics": list(metrics)}
    made = kubernetes("HorizontalPodAutoscaler", "autoscaling/v2", namespace, spec=spec)
    return {**made, "metadata": {**made["metadata"], "name": name}}


def keda(*triggers, **spec):
    spec = {"scaleTargetRef": {"name": "web"}, "minReplicaCount": 2, "triggers": list(triggers), **spec}
    return kubernetes("ScaledObject", "keda.sh/v1alpha1", spec=spec)


def asked(id, *objects):
    return {one: bool(verdicts(id, *objects, environment=one)) for one in LIVE}


@pytest.mark.parametrize(
    ("objects", "few"),
    [
        ([workload(replicas=2)], False),
        ([workload(replicas=1)], True),
        ([workload()], True),
        ([workload(), hpa()], False),
        ([workload(replicas=2), hpa(least=1)], True),
    ],
)
def test_least_copies(objects, few):
    assert refuses("D2.replicas", *objects) is few
    assert asked("D2.replicas", *objects) == LIVE


@pytest.mark.parametrize(
    ("objects", "fixed"),
    [
        ([workload(), SERVICE], True),
        ([workload()], False),
        ([workload(strategy={"type": "Recreate"}), SERVICE], False),
        ([workload(), SERVICE, hpa()], False),
        ([workload(), SERVICE, keda()], False),
        ([workload(), SERVICE, hpa(target=("Deployment", "other"))], True),
        ([SERVED], False),
        ([KNATIVE, SERVICE], False),
    ],
)
def test_what_is_scaled_by_load(objects, fixed):
    assert refuses("D2.autoscaler", *objects) is fixed
    assert asked("D2.autoscaler", *objects) == LIVE


@pytest.mark.parametrize("kind", ["StatefulSet", "ReplicaSet"])
def test_sets_need_no_autoscaler(kind):
    assert verdicts("D2.autoscaler", workload(kind), SERVICE) == set()


@pytest.mark.parametrize(
    ("scaler", "verdict"),
    [
        (hpa(), Verdict.PASS),
        (keda(), Verdict.PASS),
        (hpa(target=("StatefulSet", "web")), Verdict.FAIL),
        (hpa(target=("Deployment", "wep")), Verdict.FAIL),
        (hpa(namespace="apps"), Verdict.FAIL),
        (hpa(namespace="{{ .Values.namespace }}"), Verdict.NOT_EVALUATED),
    ],
)
def test_targets_of_scalers(scaler, verdict):
    assert verdicts("D2.scaler-target", workload(), scaler) == {verdict}


@pytest.mark.parametrize(
    ("least", "most", "wrong"),
    [
        (2, 3, []),
        (1, 3, ["it may go down to 1 copies"]),
        (2, 2, ["it can never add a copy: at least 2, at most 2"]),
        (3, 2, ["it can never add a copy: at least 3, at most 2"]),
    ],
)
def test_bounds_of_scalers(least, most, wrong):
    assert messages("D2.scaler-bounds", hpa(least=least, most=most)) == wrong
    assert messages("D2.scaler-bounds", keda(minReplicaCount=least, maxReplicaCount=most)) == wrong
    assert asked("D2.scaler-bounds", hpa()) == LIVE


def of(name="cpu", type="Resource", target=SHARE):
    return {"type": type, "resource": {"name": name, "target": target}}


def lacking(name, container="web"):
    return f"it scales by {name} used of {name} requested; container {container} requests none"


@pytest.mark.parametrize(
    ("scaler", "lacks"),
    [
        (hpa(metrics=[of()]), ["cpu"]),
        (hpa(metrics=[of("memory"), of("cpu")]), ["cpu", "memory"]),
        (hpa(metrics=[of(target={"type": "AverageValue", "averageValue": "1"})]), []),
        (hpa(metrics=[of(type="ContainerResource")]), []),
        (hpa(metrics=[{"type": "Pods"}]), []),
        (keda({"type": "cpu"}), ["cpu"]),
        (keda({"type": "memory", "metricType": "Utilization"}), ["memory"]),
        (keda({"type": "cpu", "metricType": "AverageValue"}), []),
        (keda({"type": "prometheus"}), []),
    ],
)
def test_shares_of_requests(scaler, lacks):
    assert messages("D2.scaler-measures", workload(), scaler) == [lacking(name) for name in lacks]
    for part in ("requests", "limits"):
        resources = {part: {"cpu": 1, "memory": "1Gi"}}
        assert messages("D2.scaler-measures", workload(resources=resources), scaler) == []


@pytest.mark.parametrize("scaler", [hpa(), keda(), keda(metrics=[of()])])
def test_a_scaler_without_a_metric(scaler):
    assert messages("D2.scaler-measures", workload(), scaler) == ["it names no metric to scale by"]


def test_containers_that_only_come_first_have_no_share():
    first, beside = {"name": "first", "image": "web"}, {"name": "beside", "image": "web", "restartPolicy": "Always"}
    said = messages("D2.scaler-measures", workload(init=[first, beside]), hpa(metrics=[of()]))
    assert sorted(said) == [lacking("cpu", "beside"), lacking("cpu")]
