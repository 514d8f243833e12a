"""The cluster's project, as its settings files stand: what it plans on every cluster, and what it refuses."""

import pytest
from cluster_changes import planned, refused
from mocks import configuration
from offences import all_offences

NAMESPACES = {"services", "platform", "observability"}
CONTROLLERS = {"argo-rollouts", "keda"}


def test_it_keeps_the_rules_of_all_stacks(cluster_plan, environment):
    assert all_offences(cluster_plan(environment)) == []


def test_dev_makes_nothing_but_objects_on_the_cluster(cluster_plan):
    found = cluster_plan("dev")
    assert {each.type.split(":")[0] for each in found} == {"pulumi", "airworthy", "kubernetes"}
    assert set(found.outputs) == {"namespaces"}
    assert planned("dev", lambda config: config.update(context="kind-dev")).outputs["context"] == "kind-dev"


def namespaces(environment):
    """Those that there are: the controllers of releases have theirs where they are installed."""
    return NAMESPACES if environment == "dev" else NAMESPACES | CONTROLLERS


class TestNamespaces:
    def test_all_are_restricted(self, cluster_plan, environment):
        found = cluster_plan(environment)
        names = namespaces(environment)
        assert found.outputs["namespaces"] == {name: name for name in names}
        assert len(found.of(":Namespace")) == 2 * len(names)  # a component and an object each
        for name in names:
            labels = found.one("core/v1:Namespace", name).inputs["metadata"]["labels"]
            for mode in ("enforce", "audit", "warn"):
                assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"

    def test_all_are_closed_but_for_names(self, cluster_plan, environment):
        for name in namespaces(environment):
            policies = in_namespace(cluster_plan(environment), "NetworkPolicy", name)
            closed = policies["default-deny"]["spec"]
            assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
            names = policies["allow-dns"]["spec"]
            assert names["policyTypes"] == ["Egress"]
            assert [port["port"] for rule in names["egress"] for port in rule["ports"]] == [53, 53]
            peer = names["egress"][0]["to"][0]
            assert peer["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
            assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kube-system"}

    def test_all_have_a_quota_and_what_a_container_gets(self, cluster_plan, environment):
        found = cluster_plan(environment)
        quotas = configuration("cluster", environment)["airworthy-cluster:quotas"]
        for name in namespaces(environment):
            hard = in_namespace(found, "ResourceQuota", name)["airworthy-quota"]["spec"]["hard"]
            assert hard["requests.memory"] == quotas[name]["memory"]
            assert hard["pods"] == str(quotas[name]["pods"])
            assert int(hard["limits.memory"][:-2]) == 2 * int(quotas[name]["memory"][:-2])
            # A quota refuses pods that name no amounts, so every amount in it needs a default.
            limits = in_namespace(found, "LimitRange", name)["airworthy-limits"]["spec"]["limits"][0]
            assert {"cpu", "memory"} <= set(limits["defaultRequest"])
            assert "memory" in limits["default"]

    def test_they_are_protected_in_prod(self, cluster_plan):
        protected = {
            environment: {each.protect for each in cluster_plan(environment).of("core/v1:Namespace")}
            for environment in ("dev", "staging", "prod")
        }
        assert protected == {"dev": {False}, "staging": {False}, "prod": {True}}


class TestRoles:
    def test_nobody_reads_secrets_enters_pods_or_gives_rights(self, cluster_plan, environment):
        found = cluster_plan(environment)
        for role in (*found.of(":Role"), *found.of(":ClusterRole")):
            for rule in role.inputs.get("rules", ()) if role.type.startswith("kubernetes:") else ():
                assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"], role.name
                assert not {"secrets", "pods/exec", "pods/attach", "pods/portforward"} & set(rule["resources"])
                assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])
                assert "rbac.authorization.k8s.io" not in rule["apiGroups"]

    def test_deployers_change_services_only(self, cluster_plan, environment):
        changing = {
            role.inputs["metadata"].get("namespace")
            for role in cluster_plan(environment)
            for rule in role.inputs.get("rules", ())
            if {"create", "update", "patch", "delete"} & set(rule["verbs"])
        }
        assert changing == {"services"}

    def test_groups_are_bound_to_their_roles(self, cluster_plan, environment):
        bindings = [
            (each.inputs["metadata"].get("namespace"), each.inputs["roleRef"]["name"], subject["name"])
            for each in cluster_plan(environment)
            if each.type.endswith("Binding")
            for subject in each.inputs["subjects"]
        ]
        readers = [(place, "airworthy-reader") for place in (None, *namespaces(environment))]
        both = {(*reader, group) for reader in readers for group in ("airworthy:readers", "airworthy:deployers")}
        assert set(bindings) == both | {("services", "airworthy-deployer", "airworthy:deployers")}


def test_priorities_put_services_before_batch(cluster_plan, environment):
    values = {
        each.inputs["metadata"]["name"]: each.inputs["value"] for each in cluster_plan(environment).of(":PriorityClass")
    }
    assert values["airworthy-batch"] < 0 < values["airworthy-online"] < values["airworthy-platform"]
    assert not any(each.inputs["globalDefault"] for each in cluster_plan(environment).of(":PriorityClass"))
    batch = cluster_plan(environment).one(":PriorityClass", "airworthy-batch")
    assert batch.inputs["preemptionPolicy"] == "Never"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda config: config["quotas"].pop("platform"), "quotas: one for each of"),
        (lambda config: config.update(controllers=["keda"]), "see keda"),
        (
            lambda config: config.update(controllers=["flagger"]),
            "controllers.0: Input should be 'argo-rollouts'",
        ),
        (lambda config: config["quotas"].update(mine=config["quotas"]["platform"]), "see mine"),
        (lambda config: config["quotas"]["platform"].update(memory="lots"), "quotas.platform.memory"),
        (lambda config: config["quotas"]["platform"].pop("pods"), "quotas.platform.pods: missing (most pods)"),
    ],
)
def test_settings_that_would_not_do(change, told):
    assert told in refused("dev", change)


def in_namespace(found, kind, namespace):
    """By name, the objects of a kind in a namespace."""
    objects = [each.inputs for each in found.of(f":{kind}")]
    return {each["metadata"]["name"]: each for each in objects if each["metadata"]["namespace"] == namespace}
