"""Argo Rollouts and KEDA: installed where releases are judged and scaled by metrics, closed but for their peers."""

import json
import os
import re
import subprocess

import pytest
from cluster_changes import planned
from mocks import STACKS, configuration, kubernetes_name, plan
from offences import all_offences

from stacks.observability.program import program as observability

IN_AWS = pytest.mark.parametrize("environment", ["staging", "prod"])
CONTROLLERS = ("argo-rollouts", "keda")
TEMPLATE = STACKS.parent / "{{cookiecutter.project_slug}}"
PROMETHEUS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}


def values(found, name):
    return found.one("helm.sh/v3:Release", name).inputs["values"]


def policy(found, name):
    (made,) = [each.inputs for each in found.of(":NetworkPolicy") if kubernetes_name(each) == f"allow-{name}"]
    return made


def peers(rules, way):
    """By peers as text, the ports; no peer is everybody."""
    return {json.dumps(rule.get(way) or [], sort_keys=True): [port["port"] for port in rule["ports"]] for rule in rules}


@IN_AWS
@pytest.mark.parametrize("name", CONTROLLERS)
def test_each_is_a_chart_at_an_exact_version_in_a_namespace_of_its_own(cluster_plan, environment, name):
    found = cluster_plan(environment)
    release = found.one("helm.sh/v3:Release", name)
    assert release.inputs["namespace"] == name
    assert re.fullmatch(r"\d+\.\d+\.\d+", release.inputs["version"])
    assert release.inputs["repositoryOpts"]["repo"].startswith("https://")
    assert release.inputs["atomic"] is True
    (its,) = [each for each in found.of(":NetworkPolicy") if kubernetes_name(each) == f"allow-{name}"]
    classes = {each.urn for each in found.of(":PriorityClass")}
    assert {its.urn, *classes} <= release.dependencies


def test_dev_has_none_until_its_settings_say_so(cluster_plan):
    assert not cluster_plan("dev").of("helm.sh/v3:Release")

    def change(config):
        config["controllers"] = ["argo-rollouts"]
        config["quotas"]["argo-rollouts"] = configuration("cluster", "staging")["airworthy-cluster:quotas"]["keda"]

    found = planned("dev", change)
    assert [each.inputs["chart"] for each in found.of("helm.sh/v3:Release")] == ["argo-rollouts"]
    assert found.outputs["namespaces"]["argo-rollouts"] == "argo-rollouts"
    assert all_offences(found) == []


@IN_AWS
def test_a_lost_node_stops_neither(cluster_plan, environment):
    rollouts, keda = (values(cluster_plan(environment), name) for name in CONTROLLERS)
    assert rollouts["controller"]["replicas"] == 2
    assert rollouts["controller"]["pdb"] == {"enabled": True, "minAvailable": 1}
    assert {keda[part]["replicaCount"] for part in ("operator", "metricsServer", "webhooks")} == {2}
    assert keda["podDisruptionBudget"] == {
        part: {"minAvailable": 1} for part in ("operator", "metricServer", "webhooks")
    }
    assert rollouts["controller"]["priorityClassName"] == keda["priorityClassName"] == "airworthy-platform"


@IN_AWS
def test_pod_security_restricted_lets_their_pods_in(cluster_plan, environment):
    rollouts, keda = (values(cluster_plan(environment), name) for name in CONTROLLERS)
    pods = [rollouts["podSecurityContext"], *keda["podSecurityContext"].values()]
    containers = [rollouts["containerSecurityContext"], *keda["securityContext"].values()]
    assert len(pods) == len(containers) == 4
    for pod in pods:
        assert pod == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for container in containers:
        assert container["allowPrivilegeEscalation"] is False
        assert container["capabilities"] == {"drop": ["ALL"]}
        assert container["readOnlyRootFilesystem"] is True
    for given in (rollouts["controller"]["resources"], *keda["resources"].values()):
        assert given["requests"]["cpu"]
        assert given["limits"]["memory"]


@IN_AWS
def test_they_get_no_more_than_they_use(cluster_plan, environment):
    rollouts, keda = (values(cluster_plan(environment), name) for name in CONTROLLERS)
    assert rollouts["dashboard"] == {"enabled": False}
    assert rollouts["providerRBAC"] == {"enabled": False}
    assert keda["permissions"]["operator"]["restrict"]["secret"] is True
    assert keda["rbac"]["scaledRefKinds"] == [{"apiGroup": "argoproj.io", "kind": "rollouts"}]


@IN_AWS
def test_they_reach_the_api_and_prometheus_and_nobody_else_does_them(cluster_plan, environment):
    found = cluster_plan(environment)
    network = json.dumps([{"ipBlock": {"cidr": found.outputs["vpc_cidr"]}}])
    inside, prometheus = json.dumps([{"podSelector": {}}]), json.dumps([PROMETHEUS], sort_keys=True)
    for name, metrics, called in (("argo-rollouts", 8090, {}), ("keda", 8080, {network: [6443, 9443]})):
        made = policy(found, name)
        assert made["metadata"]["namespace"] == name
        assert made["spec"]["podSelector"] == {}
        assert peers(made["spec"]["egress"], "to") == {inside: [], prometheus: [9090], network: [443, 6443]}
        assert peers(made["spec"]["ingress"], "from") == {inside: [], prometheus: [metrics], **called}


@IN_AWS
def test_prometheus_scrapes_them_and_lets_them_ask_where_they_expect_it(cluster_plan, secrets_plan, environment):
    cluster = cluster_plan(environment)
    others = {"airworthy-cluster": cluster.outputs, "airworthy-secrets": secrets_plan(environment).outputs}
    settings = configuration("observability", environment)
    found = plan(observability, "airworthy-observability", environment, settings, others)
    own = policy(found, "prometheus")
    assert own["metadata"]["namespace"] == "observability"
    assert own["spec"]["podSelector"] == PROMETHEUS["podSelector"]
    out, into = peers(own["spec"]["egress"], "to"), peers(own["spec"]["ingress"], "from")
    for name in CONTROLLERS:
        peer = json.dumps([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}])
        theirs = policy(cluster, name)["spec"]
        prometheus = json.dumps([PROMETHEUS], sort_keys=True)
        assert out[peer] == peers(theirs["ingress"], "from")[prometheus]
        assert into[peer] == peers(theirs["egress"], "to")[prometheus] == [9090]
        monitor = found.one(":PodMonitor", name)
        assert monitor.inputs["metadata"]["namespace"] == "observability"
        assert monitor.inputs["metadata"]["labels"]["release"] == "prometheus"
        assert monitor.inputs["spec"]["namespaceSelector"] == {"matchNames": [name]}
        assert found.one("helm.sh/v3:Release", "prometheus").urn in monitor.dependencies
    assert {part["enabled"] for part in values(cluster, "keda")["prometheus"].values()} == {True}


PLANS = """
import json
from planning import ENVIRONMENTS, plan
print(json.dumps({name: sorted({one.inputs["apiVersion"].split("/")[0] for one in plan(name, **change).objects})
                  for name in ENVIRONMENTS
                  for change in [{"scaling": {"minimum": 1, "maximum": 2, "requests_per_second": 9}}]}))
"""


def test_what_a_service_is_made_of_is_known_to_the_cluster(project_env, cluster_plan):
    """The deployment's own settings of each environment, and scaling by requests."""
    paths = os.pathsep.join(map(str, (TEMPLATE, TEMPLATE / "src", TEMPLATE / "tests")))
    variables = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([project_env, "-c", PLANS], capture_output=True, text=True, env=variables, check=False)
    assert ran.returncode == 0, ran.stderr
    asked = json.loads(ran.stdout)
    assert {name for name, groups in asked.items() if "argoproj.io" in groups} == {"staging", "prod"}
    for environment in ("staging", "prod"):
        installed = {each.inputs["chart"] for each in cluster_plan(environment).of("helm.sh/v3:Release")}
        for group, chart in (("argoproj.io", "argo-rollouts"), ("keda.sh", "keda")):
            assert group in asked[environment]
            assert chart in installed
