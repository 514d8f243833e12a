"""Disruption budgets and spreading: which selectors, shares and rules count."""

import pytest
from judged import kubernetes, messages, refuses, verdicts

from readiness.control import Verdict

POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
WEB = {"matchLabels": {"app": "web"}}
OTHER = {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}
DRAIN = "R1.budget-allows-drain"


def deployment(replicas=2, namespace=None, **pod):
    template = {**POD, "spec": {**POD["spec"], **pod}}
    return kubernetes("Deployment", "apps/v1", namespace, spec={"replicas": replicas, "template": template})


def budget(version="policy/v1", namespace=None, **spec):
    return kubernetes("PodDisruptionBudget", version, namespace, spec=spec)


@pytest.mark.parametrize(
    ("made", "selects"),
    [
        (budget(selector=WEB), True),
        (budget(selector={}), True),
        (budget(selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}), True),
        (budget(selector=OTHER), False),
        (budget(), False),
        (budget(namespace="apps", selector=WEB), False),
    ],
)
def test_pods_that_budgets_select(made, selects):
    assert refuses("R1.budget-selects", made, deployment()) is not selects
    assert refuses("R1.budget", made, deployment()) is not selects


def test_what_is_called_a_budget_elsewhere_is_none():
    other = budget("example.com/v1", selector=WEB)
    assert verdicts("R1.budget-selects", other, deployment()) == set()
    assert refuses("R1.budget", other, deployment())


@pytest.mark.parametrize("id", ["R1.budget", "R1.spread"])
@pytest.mark.parametrize(("replicas", "refused"), [(1, False), (2, True)])
def test_only_several_copies_in_earnest_need_a_budget_and_space(id, replicas, refused):
    for environment in ("staging", "prod"):
        assert refuses(id, deployment(replicas), environment=environment) is refused
    assert verdicts(id, deployment(replicas), environment="dev") == set()


@pytest.mark.parametrize(
    ("share", "replicas", "blocks"),
    [
        ({"maxUnavailable": 1}, 2, False),
        ({"maxUnavailable": 0}, 2, True),
        ({"maxUnavailable": "50%"}, 2, False),
        ({"maxUnavailable": "5%"}, 2, False),
        ({"maxUnavailable": "0%"}, 2, True),
        ({"minAvailable": 1}, 2, False),
        ({"minAvailable": "50%"}, 2, False),
        ({"minAvailable": "51%"}, 2, True),
        ({"minAvailable": "100%"}, 101, True),
    ],
)
def test_shares_that_may_go(share, replicas, blocks):
    assert refuses(DRAIN, budget(selector=WEB, **share), deployment(replicas)) is blocks


@pytest.mark.parametrize("key", ["maxUnavailable", "minAvailable"])
@pytest.mark.parametrize("value", ["5x%", "55", "%", 0.5, True])
def test_shares_that_are_none(key, value):
    wrong = [f"{key} is {value!r}, where a number or a percentage must stand"]
    assert messages(DRAIN, budget(selector=WEB, **{key: value}), deployment()) == wrong


def test_which_share_is_at_fault_is_said():
    (said,) = messages(DRAIN, budget(selector=WEB, maxUnavailable=0), deployment())
    assert said == "maxUnavailable 0 of as few as 2 copies of Deployment/default/web lets none go"


def rule(selector):
    return {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}


REQUIRED, PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))


@pytest.mark.parametrize(
    ("selectors", "together"), [([WEB], False), ([OTHER, WEB], False), ([OTHER], True), ([], True)]
)
def test_rules_that_keep_pods_apart(selectors, together):
    rules = [rule(one) for one in selectors]
    weighed = [{"weight": 1, "podAffinityTerm": one} for one in rules]
    for pod in (
        {"topologySpreadConstraints": rules},
        {"affinity": {"podAntiAffinity": {REQUIRED: rules}}},
        {"affinity": {"podAntiAffinity": {PREFERRED: weighed}}},
    ):
        assert refuses("R1.spread", deployment(**pod)) is together
    assert refuses("R1.spread", deployment(affinity={"podAffinity": {REQUIRED: rules}}))


def test_no_percentage_is_asked_where_nothing_is_selected():
    assert verdicts(DRAIN, budget(selector=OTHER, minAvailable="5x%"), deployment()) == {Verdict.PASS}
