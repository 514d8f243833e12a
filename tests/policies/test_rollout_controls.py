"""Releases: which strategies, analyses and Services of a Rollout are refused, and what else may take their place."""

import pytest
from judged import kubernetes, messages, refuses, verdicts

from readiness.control import Verdict

ARGO = "argoproj.io/v1alpha1"
STEPS = [{"setWeight": 10}]
POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
SERVICE = kubernetes("Service", spec={"selector": {"app": "web"}})
DEPLOYMENT = kubernetes("Deployment", "apps/v1", spec={"template": POD})
RECREATED = kubernetes("Deployment", "apps/v1", spec={"template": POD, "strategy": {"type": "Recreate"}})
MODEL = {"model": {"modelFormat": {"name": "onnx"}}}


def rollout(canary=None, **spec):
    strategy = {"strategy": {"canary": canary}} if canary is not None else {}
    return kubernetes("Rollout", ARGO, spec={"template": POD, **strategy, **spec})


def predictor(**beside):
    return kubernetes("InferenceService", "serving.kserve.io/v1beta1", spec={"predictor": {**MODEL, **beside}})


REFERENCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
FLAGGER = kubernetes("Canary", "flagger.app/v1beta1", spec={"targetRef": REFERENCE})
BESIDE = kubernetes("Rollout", ARGO, spec={"workloadRef": REFERENCE, "strategy": {"canary": {"steps": STEPS}}})
PLAIN = kubernetes("Rollout", ARGO, spec={"workloadRef": REFERENCE, "strategy": {"canary": {}}})


@pytest.mark.parametrize(
    ("objects", "at_once"),
    [
        ([rollout({"steps": STEPS})], False),
        ([rollout({"steps": [{"setWeight": 100}]})], True),
        ([rollout({"steps": [{"setWeight": 99}]})], False),
        ([rollout({})], True),
        ([rollout()], True),
        ([rollout(strategy={"blueGreen": {"activeService": "web"}})], False),
        ([DEPLOYMENT, SERVICE], True),
        ([DEPLOYMENT], False),
        ([RECREATED, SERVICE], False),
        ([DEPLOYMENT, SERVICE, FLAGGER], False),
        ([DEPLOYMENT, SERVICE, BESIDE], False),
        ([DEPLOYMENT, SERVICE, PLAIN], True),
        ([predictor()], True),
        ([predictor(canaryTrafficPercent=10)], False),
    ],
)
def test_ways_to_take_a_new_version(objects, at_once):
    for environment in ("staging", "prod"):
        assert refuses("D4.progressive", *objects, environment=environment) is at_once
    assert verdicts("D4.progressive", *objects, environment="dev") == set()


def test_an_analysis_is_demanded_where_there_is_traffic():
    plain = rollout({"steps": STEPS})
    assert all(refuses("D4.analysis", plain, environment=environment) for environment in ("staging", "prod"))
    assert verdicts("D4.analysis", plain, environment="dev") == set()


def template(kind="AnalysisTemplate", metrics=(), args=()):
    made = kubernetes(kind, ARGO, spec={"metrics": list(metrics), "args": list(args)})
    return made if kind == "AnalysisTemplate" else {**made, "metadata": {"name": "web"}}


def run(**template):
    return rollout({"analysis": {"templates": [{"templateName": "web", **template}]}})


@pytest.mark.parametrize(
    ("objects", "missing"),
    [
        ([run(), template()], False),
        ([run(clusterScope=True), template()], True),
        ([run(clusterScope=True), template("ClusterAnalysisTemplate")], False),
        ([run(), template(args=[{"name": "hash"}])], True),
        ([run(), template(args=[{"name": "hash", "value": "x"}])], False),
        ([run(), template(args=[{"name": "hash", "valueFrom": {"secretKeyRef": {}}}])], False),
    ],
)
def test_templates_of_an_analysis(objects, missing):
    assert refuses("D4.analysis-template", *objects) is missing


GOOD = {"name": "m", "interval": "30s", "successCondition": "x", "provider": {"web": {}}}


def without(*names, **beside):
    return {key: value for key, value in GOOD.items() if key not in names} | beside


@pytest.mark.parametrize(
    ("metrics", "open"),
    [
        ([GOOD], False),
        ([without("successCondition", failureCondition="y")], False),
        ([without("successCondition")], True),
        ([without("interval")], True),
        ([without(count=1)], True),
        ([without(count="1")], True),
        ([without(count="10")], False),
        ([without(count=2)], False),
        ([{"name": "m", "provider": {"job": {}}}], False),
        ([{"name": "m", "provider": {"job": {}}}, without("interval")], True),
    ],
)
def test_metrics_of_an_analysis(metrics, open):
    assert refuses("D4.analysis-decides", template(metrics=metrics)) is open


def test_a_count_that_is_an_argument_is_not_known():
    metrics = [without(count="{{args.count}}")]
    assert verdicts("D4.analysis-decides", template(metrics=metrics)) == {Verdict.NOT_EVALUATED}


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("canary", "stableService"),
        ("canary", "canaryService"),
        ("blueGreen", "activeService"),
        ("blueGreen", "previewService"),
    ],
)
def test_services_that_a_rollout_switches(kind, key):
    chosen = {"activeService": "web"} if kind == "blueGreen" else {}
    assert not refuses("D4.traffic-services", rollout(strategy={kind: {**chosen, key: "web"}}), SERVICE)
    assert refuses("D4.traffic-services", rollout(strategy={kind: {**chosen, key: "gone"}}), SERVICE)


@pytest.mark.parametrize(
    ("spec", "lost"),
    [({}, False), ({"revisionHistoryLimit": 2}, False), ({"revisionHistoryLimit": 1}, True)],
)
def test_revisions_that_are_kept(spec, lost):
    assert refuses("D5.history", rollout({}, **spec)) is lost


@pytest.mark.parametrize(
    ("spec", "endless"),
    [({}, False), ({"progressDeadlineSeconds": 3600}, False), ({"progressDeadlineSeconds": 3601}, True)],
)
def test_seconds_of_a_release(spec, endless):
    assert refuses("D5.progress-deadline", rollout({}, **spec)) is endless


JUDGED = {"analysis": {"templates": [{"templateName": "web"}]}}


@pytest.mark.parametrize(
    ("objects", "by_hand"),
    [
        ([rollout(JUDGED)], None),
        ([rollout({})], "no analysis is wired, so nothing sends a bad version back"),
        ([DEPLOYMENT, SERVICE], "nothing sends a Deployment back but a person"),
        ([DEPLOYMENT], None),
        ([RECREATED, SERVICE], None),
        ([DEPLOYMENT, SERVICE, FLAGGER], None),
    ],
)
def test_what_sends_a_version_back(objects, by_hand):
    assert messages("D5.automatic", *objects) == ([by_hand] if by_hand else [])
    assert refuses("D5.automatic", *objects, environment="staging") is bool(by_hand)
    assert verdicts("D5.automatic", *objects, environment="dev") == set()
