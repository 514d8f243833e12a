"""The stacks `cluster` and `secrets` as in dev, by the real engine, on the real API server that KUBECONFIG names."""

import base64
import os

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from kubernetes import client, config
from pulumi import automation as auto

from engine.apiserver import ApiServer
from engine.estate import Estate, secrets
from engine.memory import Memory
from engine.runs import Runs
from engine.standin import StandIn
from needs import need, need_command

OURS = ("services", "platform", "observability")
TRIAL = "airworthy-engine"


@pytest.fixture(scope="module")
def api():
    """A client of the cluster; the tests make namespaces of the product's own names, so none may be there."""
    need(os.environ.get("KUBECONFIG"), "set KUBECONFIG to a cluster for tests")
    api = client.ApiClient(config.load_kube_config(os.environ["KUBECONFIG"]))
    there = {namespace.metadata.name for namespace in client.CoreV1Api(api).list_namespace(_request_timeout=30).items}
    need(not there & {*OURS, TRIAL}, f"the cluster is in use: it has a namespace of {', '.join((*OURS, TRIAL))}")
    return api


@pytest.fixture(scope="module")
def live(api, tmp_path_factory):
    """The real engine, with the real API server behind its Kubernetes."""
    need_command("pulumi")
    cloud = Memory()
    standin = StandIn({"kubernetes": ApiServer(os.environ["KUBECONFIG"]), "random": cloud, "tls": cloud})
    with standin.served() as providers:
        yield Runs(tmp_path_factory.mktemp("live"), standin, providers)


@pytest.fixture(scope="module")
def estate(live):
    estate = Estate(live, "dev")
    try:
        estate.told = estate.up("cluster", "secrets")
        yield estate
    finally:
        for name in ("secrets", "cluster"):
            live.destroy(estate.stack(name))


def test_a_second_up_changes_nothing(estate):
    assert all(told.keys() == {"create"} for told in estate.told.values())
    estate.runs.standin.touched()
    assert all(told.keys() == {"same"} for told in estate.up("cluster", "secrets").values())
    assert not estate.runs.standin.touched()


def test_namespaces_admit_only_pods_without_rights(estate, api):
    pods = client.CoreV1Api(api)
    for namespace in OURS:
        with pytest.raises(client.ApiException, match="violates PodSecurity"):
            pods.create_namespaced_pod(namespace, pod(), dry_run="All")
    rules = client.NetworkingV1Api(api).list_namespaced_network_policy("services").items
    closed = [rule for rule in rules if not rule.spec.ingress and not rule.spec.egress]
    assert any(set(rule.spec.policy_types) == {"Ingress", "Egress"} for rule in closed), "deny first"
    assert pods.list_namespaced_resource_quota("services").items[0].spec.hard["pods"] == "40"


def test_a_container_that_asks_for_nothing_gets_a_limit(estate, api):
    safe = {
        "run_as_non_root": True,
        "allow_privilege_escalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
    made = client.CoreV1Api(api).create_namespaced_pod("services", pod(**safe), dry_run="All")
    assert made.spec.containers[0].resources.limits["memory"]


@pytest.mark.parametrize(
    ("group", "verb", "resource", "allowed"),
    [
        ("deployers", "create", "deployments.apps", True),
        ("deployers", "get", "secrets", False),
        ("deployers", "create", "rolebindings.rbac.authorization.k8s.io", False),
        ("readers", "get", "pods", True),
        ("readers", "create", "deployments.apps", False),
        ("readers", "get", "secrets", False),
    ],
)
def test_groups_may_do_what_they_need_and_no_more(estate, api, group, verb, resource, allowed):
    name, _, api_group = resource.partition(".")
    asked = client.V1SubjectAccessReview(
        spec=client.V1SubjectAccessReviewSpec(
            user="somebody",
            groups=[f"airworthy:{group}"],
            resource_attributes=client.V1ResourceAttributes(
                namespace="services", verb=verb, resource=name, group=api_group
            ),
        )
    )
    assert client.AuthorizationV1Api(api).create_subject_access_review(asked).status.allowed == allowed


def test_a_service_finds_its_secrets_and_the_state_has_none_in_clear(estate, api):
    service = next(iter(estate.stack("secrets").outputs()["service_secrets"].value))
    found = client.CoreV1Api(api).read_namespaced_secret(f"{service}-service", "services").data
    assert found.keys() == {"api-keys.json", "audit-key.pem", "audit-input-key"}
    read = {base64.b64decode(value).decode() for value in found.values()} | set(found.values())
    texts = {**estate.runs.kept(), "what was printed": "".join(estate.runs.said)}
    for where, text in texts.items():
        assert not [value for value in read | secrets(estate.runs.standin) if value in text], where


def test_one_setting_changed_is_on_the_cluster(estate, api):
    estate.change("cluster", "quotas.services.pods", "41")
    estate.up("cluster")
    assert client.CoreV1Api(api).list_namespaced_resource_quota("services").items[0].spec.hard["pods"] == "41"


def test_destroy_leaves_nothing(estate, api):
    for name in ("secrets", "cluster"):
        estate.runs.destroy(estate.stack(name))
    there = {namespace.metadata.name for namespace in client.CoreV1Api(api).list_namespace().items}
    assert not there & set(OURS)


def test_up_fails_where_kubernetes_refuses_or_nothing_gets_ready_and_then_goes_on(live, api):
    def stack(replicas, image="localhost/there-is-no-such-image:1"):
        return live.stack(lambda: workload(replicas, image), "trial", "dev")

    with pytest.raises(auto.errors.CommandError, match=r"spec\.replicas.*must be greater than or equal to 0"):
        live.up(stack(replicas=-1))
    with pytest.raises(auto.errors.CommandError, match="is not ready after 3 s"):
        live.up(stack(replicas=1))
    assert live.up(stack(replicas=0))["update"] == 1
    live.destroy(stack(replicas=0))
    assert not live.state(stack(replicas=0))


def workload(replicas, image):
    """A namespace with a Deployment that has three seconds to be ready."""
    namespace = kubernetes.core.v1.Namespace("trial", metadata={"name": TRIAL})
    labels = {"app": "trial"}
    kubernetes.apps.v1.Deployment(
        "trial",
        metadata={
            "name": "trial",
            "namespace": namespace.metadata["name"],
            "annotations": {"pulumi.com/timeoutSeconds": "3"},
        },
        spec={
            "replicas": replicas,
            "selector": {"match_labels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "trial", "image": image}]},
            },
        },
        opts=pulumi.ResourceOptions(parent=namespace),
    )


def pod(**security):
    """A pod with one container, whose security context is this."""
    container = client.V1Container(
        name="trial", image="localhost/trial", security_context=client.V1SecurityContext(**security)
    )
    return client.V1Pod(metadata=client.V1ObjectMeta(name="trial"), spec=client.V1PodSpec(containers=[container]))
