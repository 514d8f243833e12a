"""The observability's stack as the engine would be told of it, in every environment."""

import json
import re
from functools import cache

import pytest
from mocks import STACKS, configuration, kubernetes_name, plan
from offences import all_offences
from pulumi.errors import RunError

from stacks.observability.program import program
from stacks.observability.routes import KEYS, RECEIVERS_SECRET, WATCHDOG
from stacks.observability.values.common import mebibytes

PROJECT = "airworthy-observability"
RELEASES = {"prometheus", "loki", "tempo", "collector", "node-logs"}
IN_AWS = pytest.mark.parametrize("environment", ["staging", "prod"])


@pytest.fixture(scope="module")
def others(cluster_plan, secrets_plan):
    """What the stacks before this one give, in an environment."""
    return lambda environment: {
        "airworthy-cluster": cluster_plan(environment).outputs,
        "airworthy-secrets": secrets_plan(environment).outputs,
    }


@pytest.fixture(scope="module")
def planned(others):
    """The plan of an environment's file, or of that with some settings replaced: planned("prod", replicas=3)."""

    @cache
    def planned(environment, settings):
        own = {f"{PROJECT}:{key}": value for key, value in json.loads(settings).items()}
        config = {**configuration("observability", environment), **own}
        return plan(program, PROJECT, environment, config, others(environment))

    return lambda environment, **settings: planned(environment, json.dumps(settings))


def setting(environment, key):
    return configuration("observability", environment)[f"{PROJECT}:{key}"]


def values(plan, release):
    return plan.one("helm.sh/v3:Release", release).inputs["values"]


def policy(plan, name):
    (found,) = [found for found in plan.of(":NetworkPolicy") if kubernetes_name(found) == name]
    return found.inputs


def documents(text):
    return json.loads(text)["Statement"]


# What is true of everything


def test_it_keeps_the_rules_of_all_stacks(planned, environment):
    assert planned(environment).secrets, "nothing was generated, so the rule on leaks saw nothing"
    assert all_offences(planned(environment)) == []


def test_what_holds_data_is_protected_everywhere_but_in_dev(planned, environment):
    plan = planned(environment)
    kinds = ("s3/bucket:Bucket", "secretsmanager/secret:Secret", ":RandomPassword", "kubernetes:core/v1:Secret")
    data = {found.urn for kind in kinds for found in plan.of(kind)}
    protected = {found.urn for found in plan if found.protect}
    assert {found.urn for found in plan if found.retain} == (data if environment == "prod" else set())
    namespace = {plan.one("core/v1:Namespace", "node-agents").urn}
    assert protected == {"dev": set(), "staging": data, "prod": data | namespace}[environment]


def test_later_stacks_get_what_they_rely_on(planned, environment):
    outputs = planned(environment).outputs
    assert outputs == {
        "prometheus_url": "http://prometheus-prometheus.observability.svc:9090",
        "grafana_url": "http://grafana.observability.svc",
        "otlp_endpoint": "http://collector.observability.svc:4318",
        "runbook_base": "https://runbooks.example.com",
    }
    plan = planned(environment)
    assert values(plan, "prometheus")["fullnameOverride"] == "prometheus"
    assert values(plan, "prometheus")["grafana"]["fullnameOverride"] == "grafana"
    assert values(plan, "collector")["fullnameOverride"] == "collector"


# Charts


def test_every_chart_is_at_one_exact_version(planned, environment):
    releases = {found.inputs["name"]: found.inputs for found in planned(environment).of("helm.sh/v3:Release")}
    assert set(releases) == RELEASES
    for name, release in releases.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", release["version"]), name
        assert release["repositoryOpts"]["repo"].startswith("https://"), name
        assert release["atomic"] is True, name


def test_no_values_name_an_image_by_a_tag_that_moves(planned, environment):
    for release in RELEASES:
        text = json.dumps(values(planned(environment), release))
        assert not re.search(r'"tag": "(latest|main|master|nightly|)"', text), release


def test_objects_that_prometheus_is_to_read_carry_its_label(planned, environment):
    plan = planned(environment)
    assert plan.one("helm.sh/v3:Release", "prometheus").inputs["name"] == "prometheus"
    assert plan.one(":PrometheusRule").inputs["metadata"]["labels"]["release"] == "prometheus"
    assert values(plan, "loki")["monitoring"]["serviceMonitor"]["labels"] == {"release": "prometheus"}
    assert values(plan, "tempo")["serviceMonitor"]["additionalLabels"] == {"release": "prometheus"}
    assert values(plan, "collector")["serviceMonitor"]["extraLabels"] == {"release": "prometheus"}
    assert values(plan, "node-logs")["podMonitor"]["extraLabels"] == {"release": "prometheus"}


def test_what_uses_the_operators_kinds_comes_after_the_operator(planned, environment):
    plan = planned(environment)
    operator = plan.one("helm.sh/v3:Release", "prometheus").urn
    assert operator in plan.one(":PrometheusRule").dependencies
    for release in RELEASES - {"prometheus"}:
        assert operator in plan.one("helm.sh/v3:Release", release).dependencies, release


def test_releases_are_known_by_the_name_under_which_they_were_first_brought_up(planned):
    components = [found for found in planned("dev") if found.type == "airworthy:platform:Release"]
    assert {found.name for found in components} == RELEASES
    assert all("airworthy:observability:Release" in str(found.aliases) for found in components)


# How long, how much


def test_retention_and_storage_are_those_of_the_environment(planned, environment):
    plan = planned(environment)
    metrics, logs, traces = (setting(environment, store) for store in ("metrics", "logs", "traces"))
    spec = values(plan, "prometheus")["prometheus"]["prometheusSpec"]
    assert spec["retention"] == f"{metrics['days']}d"
    claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
    assert claim == metrics["storage"]
    loki = values(plan, "loki")
    assert loki["loki"]["limits_config"]["retention_period"] == f"{logs['days'] * 24}h"
    assert loki["loki"]["compactor"]["retention_enabled"] is True, "without, nothing is ever deleted"
    assert loki["singleBinary"]["persistence"]["size"] == logs["storage"]
    tempo = values(plan, "tempo")
    assert tempo["tempo"]["retention"] == f"{traces['days'] * 24}h"
    assert tempo["persistence"] == {"enabled": True, "size": traces["storage"]}


def test_prometheus_drops_what_is_old_before_its_disk_is_full(planned, environment):
    spec = values(planned(environment), "prometheus")["prometheus"]["prometheusSpec"]
    size = int(spec["retentionSize"].removesuffix("MB"))
    assert size < 0.9 * mebibytes(setting(environment, "metrics")["storage"])


def test_the_namespace_has_room_for_the_volumes(planned, environment):
    """The cluster's quota and these sizes are in two files."""
    quota = configuration("cluster", environment)["airworthy-cluster:quotas"]["observability"]["storage"]
    replicas = setting(environment, "replicas")
    metrics, logs, traces = (
        mebibytes(setting(environment, store)["storage"]) for store in ("metrics", "logs", "traces")
    )
    assert replicas * (metrics + mebibytes("1Gi")) + logs + traces <= mebibytes(quota)


@pytest.mark.parametrize(("size", "expected"), [("512Mi", 512), ("50Gi", 51200), ("2Ti", 2 * 1024 * 1024)])
def test_sizes_are_read_in_their_units(size, expected):
    assert mebibytes(size) == expected


@IN_AWS
def test_logs_and_traces_are_in_a_bucket_of_their_own_by_pod_identity(planned, environment):
    plan = planned(environment)
    loki, tempo = values(plan, "loki"), values(plan, "tempo")
    buckets = {found.name: found.inputs["bucket"] for found in plan.of("s3/bucket:Bucket")}
    assert set(loki["loki"]["storage"]["bucketNames"].values()) == {buckets["logs"]}
    assert loki["loki"]["schemaConfig"]["configs"][0]["object_store"] == "s3"
    assert tempo["tempo"]["storage"]["trace"]["s3"]["bucket"] == buckets["traces"]
    assert "access_key" not in json.dumps(tempo)
    assert "secretAccessKey" not in json.dumps(loki)
    for part, account in (("logs", loki["serviceAccount"]["name"]), ("traces", tempo["serviceAccount"]["name"])):
        association = plan.one(":PodIdentityAssociation", part).inputs
        assert (association["namespace"], association["serviceAccount"]) == ("observability", account)
        resources = {r for s in documents(plan.one(":RolePolicy", part).inputs["policy"]) for r in s["Resource"]}
        assert not any(r == "*" or ("logs" in r and part == "traces") for r in resources)
        release = plan.one("helm.sh/v3:Release", account)
        assert plan.one(":PodIdentityAssociation", part).urn in release.dependencies


def test_dev_needs_no_cloud(planned):
    assert [found.urn for found in planned("dev") if found.type.startswith("aws:")] == []
    assert values(planned("dev"), "loki")["loki"]["storage"] == {"type": "filesystem"}
    assert values(planned("dev"), "tempo")["tempo"]["storage"]["trace"]["backend"] == "local"


# Alerts


def test_alerts_come_from_our_own_rules_and_the_watchdog_is_on(planned, environment):
    rules = values(planned(environment), "prometheus")["defaultRules"]
    assert "general" not in rules["rules"], f"{WATCHDOG} is of that group"
    assert WATCHDOG not in rules["disabled"]
    assert rules["rules"]["kubernetesApps"] is False, "its alerts name no team and have no page"
    assert rules["disabled"] == {"TargetDown": True, "InfoInhibitor": True}
    assert planned(environment).one(":PrometheusRule").inputs["spec"]["groups"]


def test_alertmanager_is_given_our_routes(planned, environment):
    own = values(planned(environment), "prometheus")["alertmanager"]
    receivers = {receiver["name"] for receiver in own["config"]["receivers"]}
    assert {"heartbeat", "on-call", "second-line", "tickets", "chat-platform"} <= receivers
    sends = any(len(receiver) > 1 for receiver in own["config"]["receivers"])
    assert sends == (environment != "dev")
    assert own["alertmanagerSpec"]["secrets"] == ([] if environment == "dev" else [RECEIVERS_SECRET])


@IN_AWS
def test_the_keys_of_pagerduty_and_chat_come_from_secrets_manager(planned, secrets_plan, environment):
    plan = planned(environment)
    secret = plan.one("secretsmanager/secret:Secret").inputs["name"]
    wanted = plan.one(":ExternalSecret").inputs
    assert (wanted["metadata"]["namespace"], wanted["metadata"]["name"]) == ("observability", RECEIVERS_SECRET)
    assert {entry["secretKey"]: entry["remoteRef"] for entry in wanted["spec"]["data"]} == {
        key: {"key": secret, "property": key} for key in KEYS
    }
    assert plan.one(":SecretStore").inputs["metadata"]["name"] == wanted["spec"]["secretStoreRef"]["name"]
    assert plan.one(":SecretVersion").ignored, "what people fill in must not be taken back"
    begun = json.loads(plan.one(":SecretVersion").inputs["secretString"])
    assert begun == dict.fromkeys(KEYS, "fill-in")
    grant = plan.one(":RolePolicy", "receivers").inputs
    (statement,) = documents(grant["policy"])
    assert statement["Resource"] == ["arn:aws:secretsmanager:eu-central-1:000000000000:receivers"]
    assert plan.one(":RolePolicy", "receivers").urn in plan.one(":ExternalSecret").dependencies
    assert grant["role"] in {role.inputs.get("name") for role in secrets_plan(environment).of("iam/role:Role")}


# Grafana


def test_grafana_is_behind_a_login_that_stands_in_a_secret(planned, environment):
    grafana = values(planned(environment), "prometheus")["grafana"]
    secret = planned(environment).one("core/v1:Secret", "grafana-admin").inputs
    assert grafana["admin"]["existingSecret"] == secret["metadata"]["name"]
    assert {grafana["admin"]["userKey"], grafana["admin"]["passwordKey"]} == set(secret["stringData"])
    assert len(secret["stringData"]["admin-password"]) >= 32
    assert grafana["grafana.ini"]["auth.anonymous"]["enabled"] is False
    assert grafana["grafana.ini"]["users"]["allow_sign_up"] is False
    assert "adminPassword" not in grafana
    assert secret["metadata"]["namespace"] == "observability"


def test_data_sources_and_dashboards_are_code(planned, environment):
    grafana = values(planned(environment), "prometheus")["grafana"]
    sources = {source["uid"]: source["url"] for source in grafana["additionalDataSources"]}
    assert sources == {"loki": "http://loki:3100", "tempo": "http://tempo:3200"}
    dashboards = grafana["sidecar"]["dashboards"]
    assert (dashboards["enabled"], dashboards["label"], dashboards["labelValue"]) == (True, "grafana_dashboard", "1")
    assert dashboards["provider"]["allowUiUpdates"] is False
    assert dashboards["searchNamespace"] == ["observability", "services"]


def test_grafana_reads_config_maps_and_nothing_else(planned, environment):
    """The chart would bind it a role that reads every Secret of the cluster."""
    plan = planned(environment)
    grafana = values(plan, "prometheus")["grafana"]
    assert grafana["rbac"] == {"create": False}
    assert {grafana["sidecar"][part]["resource"] for part in ("dashboards", "datasources")} == {"configmap"}
    roles = plan.of("rbac.authorization.k8s.io/v1:Role")
    assert {role.inputs["metadata"]["namespace"] for role in roles} == {"observability", "services"}
    for role in roles:
        (rule,) = role.inputs["rules"]
        assert (rule["resources"], set(rule["verbs"])) == (["configmaps"], {"get", "list", "watch"})
    for binding in plan.of(":RoleBinding"):
        account = {"kind": "ServiceAccount", "name": grafana["serviceAccount"]["name"], "namespace": "observability"}
        assert binding.inputs["subjects"] == [account]


# The network


def test_prometheus_may_scrape_the_services_and_they_let_it_in(planned, environment):
    plan = planned(environment)
    service_port = {"protocol": "TCP", "port": 8080}
    out = policy(plan, "allow-prometheus")
    services = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "services"}}}
    assert {"to": [services], "ports": [service_port]} in out["spec"]["egress"]
    into = policy(plan, "allow-scraping")
    assert into["metadata"]["namespace"] == "services"
    (rule,) = into["spec"]["ingress"]
    assert rule["ports"] == [service_port]
    assert rule["from"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}},
            "podSelector": out["spec"]["podSelector"],
        }
    ]


def test_the_services_reach_the_collector_and_nothing_else(planned, environment):
    plan = planned(environment)
    services = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "services"}}}
    letting = [
        (kubernetes_name(found), rule)
        for found in plan.of(":NetworkPolicy")
        if found.inputs["metadata"]["namespace"] == "observability"
        for rule in found.inputs["spec"].get("ingress", [])
        if services in rule.get("from", [])
    ]
    ((name, rule),) = letting
    assert name == "allow-traces-from-services"
    assert {port["port"] for port in rule["ports"]} == {4317, 4318}
    protocols = values(plan, "collector")["alternateConfig"]["receivers"]["otlp"]["protocols"]
    assert {int(protocol["endpoint"].rsplit(":", 1)[1]) for protocol in protocols.values()} == {4317, 4318}


@IN_AWS
def test_what_brings_secrets_is_watched_and_lets_itself_be(planned, secrets_plan, environment):
    plan, there = planned(environment), secrets_plan(environment)
    monitor = plan.one(":PodMonitor", "external-secrets").inputs
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (operator,) = [found.inputs for found in there.of(":NetworkPolicy") if kubernetes_name(found) == "external-secrets"]
    assert monitor["spec"]["selector"] == operator["spec"]["podSelector"]
    assert monitor["metadata"]["namespace"] == operator["metadata"]["namespace"] == "platform"
    platform = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "platform"}}}
    metrics = {"protocol": "TCP", "port": 8080}
    assert {"to": [platform], "ports": [metrics]} in policy(plan, "allow-prometheus")["spec"]["egress"]
    assert any(metrics in rule["ports"] for rule in operator["spec"]["ingress"])


def test_policies_only_add_what_they_name(planned, environment):
    for found in planned(environment).of(":NetworkPolicy"):
        spec = found.inputs["spec"]
        for direction, key in (("Ingress", "ingress"), ("Egress", "egress")):
            assert (direction in spec["policyTypes"]) == (key in spec), f"{kubernetes_name(found)}: {direction}"


@pytest.mark.parametrize(("environment", "there"), [("dev", False), ("prod", True)])
def test_the_internet_is_reached_only_to_notify_and_to_store(planned, environment, there):
    out = {
        kubernetes_name(found)
        for found in planned(environment).of(":NetworkPolicy")
        if "0.0.0.0/0" in json.dumps(found.inputs["spec"].get("egress", []))
    }
    assert out == ({"allow-notifications", "allow-loki-storage", "allow-tempo-storage"} if there else set())


def test_what_looks_at_nodes_is_in_the_one_namespace_that_lets_it(planned, environment):
    plan = planned(environment)
    namespace = plan.one("core/v1:Namespace").inputs["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    exporter = values(plan, "prometheus")["prometheus-node-exporter"]
    assert exporter["namespaceOverride"] == namespace["name"]
    inside = {f.inputs["name"] for f in plan.of("helm.sh/v3:Release") if f.inputs["namespace"] == namespace["name"]}
    assert inside == {"node-logs"}
    closed = policy(plan, "node-agents")
    assert closed["metadata"]["namespace"] == namespace["name"]
    assert (closed["spec"]["podSelector"], set(closed["spec"]["policyTypes"])) == ({}, {"Ingress", "Egress"})


def test_the_collectors_open_only_what_is_used(planned, environment):
    for release in ("collector", "node-logs"):
        own = values(planned(environment), release)
        opened = {port for port, told in own["ports"].items() if told["enabled"]}
        assert opened == ({"otlp", "otlp-http", "metrics"} if release == "collector" else {"metrics"})
        context = own["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
    assert values(planned(environment), "collector")["podSecurityContext"]["runAsNonRoot"] is True


def test_collectors_send_to_what_the_stores_listen_on(planned, environment):
    traces = values(planned(environment), "collector")["alternateConfig"]
    logs = values(planned(environment), "node-logs")["alternateConfig"]
    assert traces["exporters"]["otlp_grpc/tempo"]["endpoint"] == "tempo.observability.svc:4317"
    assert logs["exporters"]["otlp_http/loki"]["endpoint"] == "http://loki.observability.svc:3100/otlp"
    for config in (traces, logs):
        ((_, pipeline),) = config["service"]["pipelines"].items()
        assert pipeline["processors"][0] == "memory_limiter", "it must refuse before it takes"
        assert set(pipeline["exporters"]) == set(config["exporters"])


# Settings


def test_all_that_is_wrong_is_said_at_once_with_the_remedy(others):
    wrong = {
        f"{PROJECT}:cloud": "kubernetes",
        f"{PROJECT}:owner": "platform",
        f"{PROJECT}:team": "platform",
        f"{PROJECT}:runbook_base": "runbooks",
        f"{PROJECT}:replcas": 1,
        f"{PROJECT}:metrics": {"days": 0, "storage": "10GB", "cpu": "1", "memory": "1Gi"},
    }
    with pytest.raises(RunError) as error:
        plan(program, PROJECT, "dev", wrong, others("dev"))
    said = str(error.value)
    parts = ("cost_centre: missing", "did you mean replicas?", "metrics.days", "metrics.storage", "runbook_base: ")
    for part in (*parts, "Pulumi.dev.yaml", "logs: missing"):
        assert part in said, said


@pytest.mark.parametrize(
    ("environment", "settings", "told"),
    [
        ("prod", {"replicas": 1}, "replicas must be at least 2 in prod"),
        ("dev", {"notifications": setting("prod", "notifications")}, "notifications needs cloud aws"),
        (
            "prod",
            {"notifications": {**setting("prod", "notifications"), "default_team": "nobody"}},
            "default_team nobody has no channel",
        ),
        (
            "prod",
            {"notifications": {**setting("prod", "notifications"), "page_escalates_after": "soon"}},
            "page_escalates_after",
        ),
    ],
)
def test_an_environment_in_which_nobody_would_learn_of_an_alert_is_refused(planned, environment, settings, told):
    with pytest.raises(RunError, match=told):
        planned(environment, **settings)


def test_prod_without_anybody_to_tell_is_refused(others):
    config = {k: v for k, v in configuration("observability", "prod").items() if not k.endswith(":notifications")}
    with pytest.raises(RunError, match="notifications is needed in prod, or nobody learns of an alert"):
        plan(program, PROJECT, "prod", config, others("prod"))


def test_the_environments_differ_in_data_only():
    files = {path.name for path in (STACKS / "observability").glob("Pulumi.*.yaml")}
    assert files == {"Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"}
