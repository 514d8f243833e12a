"""The secrets' project: what it plans in each environment, and that the generated service takes what it makes."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from generated_service import Refused
from mocks import STACKS, Secret, configuration, kubernetes_name, plan
from offences import all_offences

from stacks.platform.errors import SettingsError
from stacks.secrets.generated import SCOPES, api_keys
from stacks.secrets.program import program
from stacks.secrets.rotation.function import ACCOUNTS
from stacks.secrets.settings import Scope

SERVICE = "tumour-diagnosis"
IN_AWS = pytest.mark.parametrize("environment", ["staging", "prod"])


def planned(environment, cluster_plan, change=lambda config: None):
    """The plan after a change of a copy of the settings, whose keys are given without the project's name."""
    config = {key.split(":")[1]: value for key, value in deepcopy(dict(configuration("secrets", environment))).items()}
    change(config)
    others = {"airworthy-cluster": cluster_plan(environment).outputs}
    return plan(
        program, "airworthy-secrets", environment, {f"airworthy-secrets:{k}": v for k, v in config.items()}, others
    )


def on_cluster(found):
    """By name, the keys of each Secret that the plan brings to the cluster, whoever makes it, and where it is."""
    made = {}
    for each in found:
        namespace = each.inputs.get("metadata", {}).get("namespace")
        if each.type == "kubernetes:core/v1:Secret":
            made[kubernetes_name(each)] = (namespace, set(each.inputs["stringData"]))
        if each.type.endswith(":ExternalSecret"):
            data = each.inputs["spec"]["data"]
            made[each.inputs["spec"]["target"]["name"]] = (namespace, {entry["secretKey"] for entry in data})
    return made


def test_it_keeps_the_rules_of_all_stacks(secrets_plan, environment):
    found = secrets_plan(environment)
    assert found.secrets, "nothing was generated, so the rule on leaks saw nothing"
    assert all_offences(found) == []


def test_a_service_cannot_tell_the_difference(secrets_plan, environment):
    found = secrets_plan(environment)
    made = on_cluster(found)
    assert made[f"{SERVICE}-service"] == ("services", {"api-keys.json", "audit-key.pem", "audit-input-key"})
    assert made[f"{SERVICE}-registry"] == ("services", {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"})
    names = found.outputs["service_secrets"][SERVICE]
    assert (names["service"], names["registry"]) == (f"{SERVICE}-service", f"{SERVICE}-registry")
    assert set(names.values()) | {found.outputs["registry_accounts"]} == set(made)


def test_the_registry_gets_its_accounts(secrets_plan, environment):
    made = on_cluster(secrets_plan(environment))
    numbered = {f"{SERVICE}-{number}" for number in range(1, ACCOUNTS + 1)}
    assert made["mlflow-accounts"] == ("platform", {SERVICE} if environment == "dev" else numbered)


class TestGenerated:
    """In dev."""

    def test_the_service_takes_them_as_they_are(self, secrets_plan, service):
        found = secrets_plan("dev")
        values = found.one("core/v1:Secret", f"{SERVICE}-service").inputs["stringData"]
        key = found.one("core/v1:Secret", f"{SERVICE}-caller").inputs["stringData"]["api-key"]
        holder, scopes = service.holder(values["api-keys.json"], key, datetime(2026, 11, 26, tzinfo=UTC))
        assert (holder, set(scopes)) == ("dev", {"predict", "feedback"})
        assert service.audit(values["audit-key.pem"], values["audit-input-key"]) == "Ed25519 and 32 bytes"

    def test_the_service_does_not_take_anything(self, service):
        text = api_keys("k" * 43, date(2026, 11, 25))
        with pytest.raises(Refused, match="not a file of API key hashes"):
            service.holder(text.replace("sha256", "sha-256"), "k" * 43, datetime(2026, 11, 26, tzinfo=UTC))
        with pytest.raises(Refused, match="not a private key"):
            service.audit("-----BEGIN RSA PRIVATE KEY-----", "")

    def test_scopes_are_those_of_the_service(self, service):
        assert set(get_args(Scope)) == set(service.scopes())
        assert set(SCOPES) <= set(service.scopes())

    def test_the_account_is_the_one_that_the_registry_has(self, secrets_plan):
        found = secrets_plan("dev")
        login = found.one("core/v1:Secret", f"{SERVICE}-registry").inputs["stringData"]
        accounts = found.one("core/v1:Secret", "mlflow-accounts").inputs["stringData"]
        assert accounts == {login["MLFLOW_TRACKING_USERNAME"]: login["MLFLOW_TRACKING_PASSWORD"]}

    def test_a_later_day_makes_new_keys_and_leaves_the_audit_alone(self, secrets_plan, cluster_plan):
        before = secrets_plan("dev")
        later = planned("dev", cluster_plan, lambda config: config.update(issued="2027-01-31"))
        for each in before.of(":RandomPassword"):
            assert later.one(":RandomPassword", each.name).inputs["keepers"] == {"issued": "2027-01-31"}
        for kind in (":PrivateKey", ":RandomBytes"):
            assert later.one(kind).inputs == before.one(kind).inputs

    def test_services_do_not_share(self, cluster_plan):
        found = planned("dev", cluster_plan, lambda config: config.update(services=["one", "two"]))
        values = [each.inputs["stringData"] for each in found.of("core/v1:Secret")]
        texts = [text for value in values for name, text in value.items() if name in ("api-key", "audit-input-key")]
        assert len(set(texts)) == len(texts) == 4
        assert all_offences(found) == []


@IN_AWS
class TestManaged:
    def test_all_are_encrypted_with_our_key_kept_and_recoverable(self, secrets_plan, environment):
        found = secrets_plan(environment)
        key = found.one("kms/key:Key")
        assert key.protect
        assert found.outputs["kms_key_arn"].endswith(":data-key")
        for each in found.of("secretsmanager/secret:Secret"):
            assert each.inputs["kmsKeyId"] == found.outputs["kms_key_arn"]
            assert each.inputs["recoveryWindowInDays"] == 30
            assert (each.protect, each.retain) == (True, environment == "prod")

    def test_what_is_read_exists(self, secrets_plan, environment):
        found = secrets_plan(environment)
        kept = {each.inputs["name"] for each in found.of("secretsmanager/secret:Secret")}
        read = {entry["remoteRef"]["key"] for each in external(found) for entry in each.inputs["spec"]["data"]}
        assert read < kept
        assert kept - read == {f"airworthy/{environment}/{SERVICE}/callers/smoke-test"}

    def test_keys_and_accounts_are_rotated_and_audit_keys_are_not(self, secrets_plan, environment):
        found = secrets_plan(environment)
        rotated = {each.inputs["secretId"] for each in found.of(":SecretRotation")}
        assert rotated == {f"{SERVICE}-registry-id", f"{SERVICE}-callers-smoke-test-id"}
        for each in found.of(":SecretRotation"):
            assert each.inputs["rotationRules"] == {"automaticallyAfterDays": {"staging": 30, "prod": 90}[environment]}
            assert each.inputs["rotateImmediately"]
            assert found.one("lambda/permission:Permission").urn in each.dependencies

    def test_values_that_change_elsewhere_are_left_alone(self, secrets_plan, environment):
        left = {each.name: "secretString" in each.ignored for each in secrets_plan(environment).of(":SecretVersion")}
        assert left == {
            f"{SERVICE}-api-keys": True,
            f"{SERVICE}-registry": True,
            f"{SERVICE}-callers-smoke-test": True,
            f"{SERVICE}-audit-key": False,
            f"{SERVICE}-audit-input-key": False,
        }

    def test_each_role_reaches_what_it_needs(self, secrets_plan, environment):
        reach = {
            each.name: {
                resource.split(f"{SERVICE}/")[1].removesuffix("-??????")
                for statement in json.loads(each.inputs["policy"])["Statement"]
                for resource in statement["Resource"]
                if ":secret:" in resource
            }
            for each in secrets_plan(environment).of(":RolePolicy")
        }
        assert reach == {
            "rotator": {"api-keys", "registry", "callers/*"},
            "operator": {"api-keys", "registry", "audit-key", "audit-input-key"},
        }

    def test_the_operator_comes_first_and_by_pod_identity(self, secrets_plan, environment):
        found = secrets_plan(environment)
        chart = found.one(":Release")
        assert chart.inputs["version"] == configuration("secrets", environment)["airworthy-secrets:aws"]["operator"]
        identity = found.one(":PodIdentityAssociation")
        assert identity.inputs["serviceAccount"] == chart.inputs["values"]["serviceAccount"]["name"]
        assert identity.inputs["namespace"] == chart.inputs["namespace"] == "platform"
        assert {identity.urn, found.one(":NetworkPolicy").urn} <= chart.dependencies
        components = {each.urn: each for each in found}
        stores = found.of(":SecretStore")
        assert {each.inputs["metadata"]["namespace"] for each in stores} == {"services", "platform"}
        for each in stores:
            assert chart.urn in components[each.parent].dependencies
        for each in external(found):
            assert {store.urn for store in stores} <= components[each.parent].dependencies

    def test_the_operator_names_its_peers(self, secrets_plan, cluster_plan, environment):
        policy = secrets_plan(environment).one(":NetworkPolicy").inputs["spec"]
        network = cluster_plan(environment).outputs["vpc_cidr"]
        out = [(rule["to"][0]["ipBlock"]["cidr"], rule["ports"][0]["port"]) for rule in policy["egress"]]
        assert out == [(network, 443), ("169.254.170.23/32", 80)]
        assert [rule["ports"][0]["port"] for rule in policy["ingress"]] == [10250, 8080]

    def test_the_function_is_the_one_that_is_tested(self, secrets_plan, environment):
        function = secrets_plan(environment).one("lambda/function:Function").inputs
        code = function["code"]["assets"]["function.py"]["text"]
        assert code == (STACKS / "secrets" / "rotation" / "function.py").read_text()
        assert "def handler(" in code
        assert function["handler"] == "function.handler"
        assert function["environment"]["variables"] == {"OVERLAP_DAYS": "7"}


@pytest.mark.parametrize(
    ("environment", "change", "told"),
    [
        ("dev", lambda config: config.pop("issued"), "issued: needed because cloud is kubernetes"),
        ("dev", lambda config: config.update(services=["Upper"]), "services.0"),
        ("dev", lambda config: config.update(services=["one", "one"]), "services: names a service twice"),
        ("dev", lambda config: config.pop("services"), "services: missing (the services that run on the platform"),
        ("prod", lambda config: config.update(issued="2026-11-25"), "issued: does nothing because cloud is aws"),
        (
            "prod",
            lambda config: config["aws"].update(callers={"other": {}}),
            "services: lacks other, which aws.callers names",
        ),
        ("prod", lambda config: config["aws"]["callers"][SERVICE].update(x1=["all"]), f"aws.callers.{SERVICE}.x1.0"),
        ("prod", lambda config: config["aws"]["rotation"].update(days=7), "overlap_days 7 must be below days 7"),
        ("prod", lambda config: config["aws"].update(operator="latest"), "aws.operator"),
    ],
)
def test_settings_that_would_not_do(cluster_plan, environment, change, told):
    with pytest.raises(SettingsError) as error:
        planned(environment, cluster_plan, change)
    assert told in str(error.value)


def test_a_kubeconfig_stays_a_secret_on_its_way(secrets_plan, cluster_plan):
    assert isinstance(cluster_plan("prod").outputs["kubeconfig"], Secret)
    assert secrets_plan("prod").one("pulumi:providers:kubernetes").secrets == {"kubeconfig"}


def external(found):
    return found.of(":ExternalSecret")
