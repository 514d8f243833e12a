"""What is put on a cluster, in each environment and by each strategy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planning import DEPLOY, ENVIRONMENTS, NAME, PLATFORM, RELEASE, Plan, plan, settings

STRATEGIES = ("rolling", "canary", "blue-green")
PAGES = "https://git.example/diagnosis/runbooks"
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def planned(request: pytest.FixtureRequest) -> Plan:
    """A release, in each environment."""
    return plan(request.param)


@pytest.fixture(scope="module")
def prod() -> Plan:
    return plan("prod")


def of_strategy(kind: str, **changes: Any) -> Plan:
    return plan("prod", strategy={"kind": kind}, **changes)


def test_every_object_is_named_labelled_and_in_the_namespace(planned: Plan) -> None:
    kinds = {one.kind for one in planned.objects}
    assert {"ServiceAccount", "ConfigMap", "Service", "NetworkPolicy", "PodDisruptionBudget"} <= kinds
    assert {"HorizontalPodAutoscaler", "ServiceMonitor", "PrometheusRule"} <= kinds
    for one in planned.objects:
        metadata = one.inputs["metadata"]
        assert metadata["name"].startswith(NAME)
        assert metadata["namespace"] == "services"
        labels = metadata["labels"]
        assert labels["app.kubernetes.io/name"] == NAME
        assert {"environment", "owner", "cost-centre", "app.kubernetes.io/managed-by"} <= labels.keys()


def test_every_object_is_part_of_a_component_and_made_on_the_platforms_cluster(planned: Plan) -> None:
    components = {one.urn for one in planned if one.type.startswith("service:deploy:")}
    providers = {one.urn: one for one in planned if one.type == "pulumi:providers:kubernetes"}
    assert [one.name for one in planned.objects if one.parent not in components] == []
    assert all(provider.inputs["context"] == "production" for provider in providers.values())
    assert all(one.provider.rpartition("::")[0] in providers for one in planned.objects)


def test_the_environments_differ_in_their_settings_only() -> None:
    names = {environment: {(one.type, one.name) for one in plan(environment)} for environment in ENVIRONMENTS}
    assert names["staging"] == names["prod"]
    only_prod = {name for _, name in names["prod"] - names["dev"]}
    assert only_prod == {NAME, f"{NAME}-analysis", f"{NAME}-audit"}, "canary and volume, as the settings say"
    python = [path.read_text(encoding="utf-8") for path in DEPLOY.glob("*.py") if path.name != "settings.py"]
    assert not any('"prod"' in text or '"staging"' in text for text in python if "ServiceSettings" not in text)


@pytest.mark.parametrize("kind", STRATEGIES)
def test_the_pod_has_no_right_that_it_does_not_need(kind: str) -> None:
    pod = of_strategy(kind).pod
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"] == RESTRICTED
    assert {kind for volume in pod["volumes"] for kind in volume} <= {
        "name",
        "configMap",
        "projected",
        "emptyDir",
        "persistentVolumeClaim",
    }


def test_only_the_service_sees_its_secrets_and_only_the_pull_those_of_the_registry(prod: Plan) -> None:
    (pull,), (service,) = prod.pod["initContainers"], prod.pod["containers"]
    volumes = {volume["name"]: volume for volume in prod.pod["volumes"]}

    def mounted(container: dict[str, Any]) -> str:
        return str([volumes[mount["name"]] for mount in container["volumeMounts"]])

    assert f"{NAME}-service" in mounted(service)
    assert f"{NAME}-service" not in mounted(pull)
    assert "secretKeyRef" in str(pull["env"])
    assert "secret" not in str(service.get("env", ""))
    assert "secret" not in str([one.inputs for one in prod.objects if one.kind == "ConfigMap"]).lower()


def test_the_service_cannot_change_the_model_that_it_was_given(prod: Plan) -> None:
    mounts = {mount["mountPath"]: mount for mount in prod.service["volumeMounts"]}
    assert mounts["/models"]["readOnly"]
    assert mounts["/config"]["readOnly"]
    assert not mounts["/audit"].get("readOnly")


def test_the_model_is_pulled_by_its_version_or_in_dev_the_champion() -> None:
    assert plan("prod").pod["initContainers"][0]["args"] == ["pull", "7"]
    assert plan("dev", model_version=None).pod["initContainers"][0]["args"] == ["pull"]


def test_the_workload_comes_after_all_that_its_pods_need(prod: Plan) -> None:
    rollout = prod.one("Rollout")
    before = {one.kind for one in prod.objects if one.urn in rollout.dependencies}
    assert {"ServiceAccount", "PersistentVolumeClaim", "AnalysisTemplate", "ConfigMap", "Service"} <= before


def test_new_settings_or_approvers_make_new_pods_and_old_ones_keep_theirs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    def names(found: Plan) -> dict[str, str]:
        return {one.name: one.inputs["metadata"]["name"] for one in found.objects if one.kind == "ConfigMap"}

    old, same, louder = plan(), plan(), plan(service={"log_level": "debug"})
    approvers = tmp_path / "approvers.toml"
    approvers.write_text("[approvers]\n")
    monkeypatch.setattr("deploy.config.FILE", approvers)
    other = plan()
    settings, people = f"{NAME}-environment", f"{NAME}-approvers"
    assert names(same) == names(old)
    assert names(louder)[settings] != names(old)[settings]
    assert names(louder)[people] == names(old)[people]
    assert names(other)[people] != names(old)[people]
    for found in (old, louder, other):
        assert names(found)[settings] in str(found.pod["containers"])
        assert names(found)[people] in str(found.pod["volumes"])
    kept = [one for one in old.objects if one.name in (settings, people)]
    keeper = next(one for one in old if one.name == "keeper")
    assert keeper.inputs["upsertExistingObjects"] == "true"
    assert all(one.retain and one.inputs["immutable"] and keeper.urn in one.provider for one in kept)


def test_the_record_of_decisions_outlives_its_pods_outside_dev() -> None:
    for environment in ("staging", "prod"):
        found = plan(environment)
        volume = found.one("PersistentVolumeClaim")
        assert volume.protect
        assert volume.retain
        assert volume.inputs["spec"]["accessModes"] == ["ReadWriteMany"]
        claim = volume.inputs["metadata"]["name"]
        assert {"name": "audit", "persistentVolumeClaim": {"claimName": claim}} in found.pod["volumes"]


@pytest.mark.parametrize("kind", STRATEGIES)
def test_what_scales_is_what_runs(kind: str) -> None:
    found = of_strategy(kind)
    (workload,) = (one for one in found.objects if one.kind in ("Rollout", "Deployment"))
    reference = found.one("HorizontalPodAutoscaler").inputs["spec"]["scaleTargetRef"]
    assert reference == {
        "apiVersion": workload.inputs["apiVersion"],
        "kind": workload.kind,
        "name": workload.inputs["metadata"]["name"],
    }
    assert "replicas" not in workload.inputs["spec"], "the autoscaler's"


def test_requests_scale_through_keda_and_nothing_else_does() -> None:
    scaling = {**settings("prod")["scaling"], "requests_per_second": 400}
    found = plan(scaling=scaling)
    assert "HorizontalPodAutoscaler" not in {one.kind for one in found.objects}
    spec = found.one("ScaledObject").inputs["spec"]
    assert spec["minReplicaCount"] == scaling["minimum"]
    cpu, requests = spec["triggers"]
    assert cpu["type"] == "cpu"
    assert requests["metadata"]["serverAddress"] == PLATFORM["airworthy-observability"]["prometheus_url"]
    assert requests["metadata"]["threshold"] == "400"


@pytest.mark.parametrize("kind", STRATEGIES)
def test_every_selector_finds_the_pods(kind: str) -> None:
    found = of_strategy(kind)
    (workload,) = (one for one in found.objects if one.kind in ("Rollout", "Deployment"))
    labels = workload.inputs["spec"]["template"]["metadata"]["labels"]
    selectors = [workload.inputs["spec"]["selector"]["matchLabels"]]
    selectors += [one.inputs["spec"]["selector"] for one in found.objects if one.kind == "Service"]
    selectors += [found.one("PodDisruptionBudget").inputs["spec"]["selector"]["matchLabels"]]
    selectors += [found.one("NetworkPolicy").inputs["spec"]["podSelector"]["matchLabels"]]
    selectors += [one["labelSelector"]["matchLabels"] for one in found.pod["topologySpreadConstraints"]]
    assert all(selector.items() <= labels.items() for selector in selectors)


@pytest.mark.parametrize("kind", STRATEGIES)
def test_prometheus_scrapes_each_pod_once(kind: str) -> None:
    """Through one Service only, or a blue-green release would count everything twice."""
    found = of_strategy(kind)
    selector = found.one("ServiceMonitor").inputs["spec"]["selector"]["matchLabels"]
    services = [one.inputs["metadata"] for one in found.objects if one.kind == "Service"]
    assert [one["name"] for one in services if selector.items() <= one["labels"].items()] == [NAME]


def test_a_new_version_is_judged_at_each_step(prod: Plan) -> None:
    weights = settings("prod")["strategy"]["weights"]
    steps = prod.one("Rollout").inputs["spec"]["strategy"]["canary"]["steps"]
    assert [step["setWeight"] for step in steps[::2]] == weights
    for step in steps[1::2]:
        assert step["analysis"]["templates"] == [
            {"templateName": prod.one("AnalysisTemplate").inputs["metadata"]["name"]}
        ]
        (argument,) = step["analysis"]["args"]
        assert argument["valueFrom"] == {"podTemplateHashValue": "Latest"}
    template = prod.one("AnalysisTemplate").inputs["spec"]
    assert [one["name"] for one in template["args"]] == [argument["name"]]
    for metric in template["metrics"]:
        assert "{{args.hash}}" in metric["provider"]["prometheus"]["query"]


def test_blue_and_green_have_a_service_each() -> None:
    found = of_strategy("blue-green")
    chosen = found.one("Rollout").inputs["spec"]["strategy"]["blueGreen"]
    assert found.one("Service", chosen["activeService"]) != found.one("Service", chosen["previewService"])
    assert chosen["postPromotionAnalysis"]


def test_which_of_blue_and_green_answers_is_left_to_argo_rollouts() -> None:
    for kind, ignored in (("blue-green", ("spec.selector",)), ("canary", ()), ("rolling", ())):
        services = [one for one in of_strategy(kind).objects if one.kind == "Service"]
        assert services
        assert all(one.ignored == ignored for one in services)


def test_a_pod_is_never_missing_during_a_release() -> None:
    for kind, where in (("rolling", "rollingUpdate"), ("canary", "canary")):
        (workload,) = (one for one in of_strategy(kind).objects if one.kind in ("Rollout", "Deployment"))
        assert workload.inputs["spec"]["strategy"][where]["maxUnavailable"] == 0


def test_the_network_policy_names_each_peer(prod: Plan) -> None:
    spec = prod.one("NetworkPolicy").inputs["spec"]
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    incoming = {str(rule["from"]) for rule in spec["ingress"]}
    assert len(incoming) == len(settings("prod")["callers"]) + 1, "callers and Prometheus"
    ports = {port["port"] for rule in spec["egress"] for port in rule["ports"]}
    assert ports == {53, 5000, 4318}
    peers = [peer for rule in spec["egress"] for peer in rule["to"]]
    assert all(peer["namespaceSelector"]["matchLabels"] for peer in peers)
    everybody: list[Any] = [{}, {"namespaceSelector": {}}, {"podSelector": {}}]
    assert not [peer for rule in spec["ingress"] for peer in rule["from"] if peer in everybody]


def test_what_the_service_calls_by_its_own_settings_is_let_out_too() -> None:
    spec = plan(service={"redis": "redis://limits.services:6380"}).one("NetworkPolicy").inputs["spec"]
    (rule,) = (rule for rule in spec["egress"] if rule["ports"][0]["port"] == 6380)
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "services"}}}]


def test_a_platform_that_is_not_ours_is_reached_by_its_addresses() -> None:
    platform = {
        "tracking_uri": "https://mlflow.example.com",
        "prometheus_url": "http://prometheus.monitoring.svc:9090",
        "runbook_base": "https://runbooks.example.com",
        "context": "production",
    }
    found = plan(outputs={}, platform=platform)
    environment = {variable["name"]: variable.get("value") for variable in found.pod["initContainers"][0]["env"]}
    assert environment["MLFLOW_TRACKING_URI"] == platform["tracking_uri"]
    assert platform["prometheus_url"] in str(found.one("AnalysisTemplate").inputs)
    rules = found.one("NetworkPolicy").inputs["spec"]["egress"]
    assert {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]} in rules
    assert "SERVICE_OTLP" not in str([one.inputs for one in found.objects if one.kind == "ConfigMap"])


def test_grafana_finds_each_dashboard_and_alerts_lead_to_the_services_own_pages(prod: Plan) -> None:
    shown = [one for one in prod.objects if one.inputs["metadata"]["labels"].get("grafana_dashboard") == "1"]
    titles = [json.loads(text)["title"] for one in shown for text in one.inputs["data"].values()]
    assert len(titles) == len(set(titles)) >= 2
    for found, base in ((prod, f"https://runbooks.example/{NAME}/"), (plan(runbooks=PAGES), f"{PAGES}/")):
        groups = found.one("PrometheusRule").inputs["spec"]["groups"]
        alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
        assert alerts
        assert all(rule["annotations"]["runbook_url"].startswith(base) for rule in alerts)


def test_what_is_released_can_be_read_from_the_stack(prod: Plan) -> None:
    assert prod.outputs == {
        "url": f"http://{NAME}.services",
        "image": RELEASE["image"],
        "model_version": RELEASE["model_version"],
        "workload": {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "name": NAME,
            "namespace": "services",
            "context": "production",
        },
    }
