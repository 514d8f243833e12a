"""Network policies, Services, Ingresses and Gateways: what is isolated, and what is open."""

import pytest
from judged import kubernetes, pod, refuses

NETWORK = "networking.k8s.io/v1"
OPEN_RULE = "S3.policy-names-peers"


def policy(namespace=None, **spec):
    return kubernetes("NetworkPolicy", NETWORK, namespace, spec=spec)


def test_a_policy_isolates_only_pods_of_its_own_namespace():
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for id in ("S3.ingress-denied", "S3.egress-denied"):
        assert refuses(id, pod(), policy(namespace="other", **deny))
        assert not refuses(id, pod(), policy(**deny))


def test_a_policy_of_another_kind_of_network_is_not_read_as_one_of_kubernetes():
    deny = {"podSelector": {}, "policyTypes": ["Ingress"]}
    calico = kubernetes("NetworkPolicy", "crd.projectcalico.org/v1", spec=deny)
    assert refuses("S3.ingress-denied", pod(), calico)


def test_a_policy_that_names_no_types_denies_what_comes_in():
    assert not refuses("S3.ingress-denied", pod(), policy(podSelector={}))
    assert refuses("S3.egress-denied", pod(), policy(podSelector={}))
    assert refuses("S3.egress-denied", pod(), policy(podSelector={}, egress=[])), "Kubernetes counts the rules"
    assert not refuses("S3.egress-denied", pod(), policy(podSelector={}, egress=[{}]))


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["back", "front"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True),
        ({}, True),
    ],
)
def test_selectors(selector, selects):
    web = pod({"app": "web", "tier": "front"})
    deny = policy(podSelector=selector, policyTypes=["Ingress"])
    other = pod({"app": "other"}, namespace="elsewhere")
    assert refuses("S3.ingress-denied", web, deny) is not selects
    assert refuses("S3.policy-selects", web, other, deny) is not selects


def test_a_policy_selects_no_pod_of_another_namespace():
    there = pod({"app": "web"}, namespace="elsewhere")
    assert refuses("S3.policy-selects", pod(), there, policy(podSelector={"matchLabels": {"app": "web"}}))


@pytest.mark.parametrize("chart", ["Release", "Chart", "HelmRelease"])
def test_a_policy_beside_a_chart_is_not_said_to_select_nothing(chart):
    judged = policy("services", podSelector={})
    beside = policy(podSelector={"matchLabels": {"app": "of-the-chart"}})
    objects = (pod(namespace="services"), judged, pod(), beside)
    assert refuses("S3.policy-selects", *objects)
    assert not refuses("S3.policy-selects", *objects, kubernetes(chart, "helm.sh/v3"))


@pytest.mark.parametrize(
    ("rules", "peer", "ports", "open"),
    [
        ("ingress", {"ipBlock": {"cidr": "10.0.0.0/8"}}, True, False),
        ("ingress", {"ipBlock": {"cidr": "10.1.2.3/8"}}, True, False),
        ("ingress", {"ipBlock": {"cidr": "8.0.0.0/7"}}, True, True),
        ("ingress", {"ipBlock": {"cidr": "0.0.0.0/0"}}, True, True),
        ("egress", {"ipBlock": {"cidr": "0.0.0.0/0"}}, True, False),
        ("egress", {"ipBlock": {"cidr": "0.0.0.0/0"}}, False, True),
        ("egress", {"ipBlock": {"cidr": "10.0.0.0/8"}}, False, False),
        ("ingress", {"namespaceSelector": {}}, True, True),
        ("ingress", {"namespaceSelector": {"matchLabels": {}, "matchExpressions": []}}, True, True),
        ("ingress", {"namespaceSelector": {}, "podSelector": {"matchLabels": {}}}, True, True),
        ("ingress", {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}, True, False),
        ("egress", {"namespaceSelector": {}, "podSelector": {}}, True, True),
        ("egress", {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}, True, False),
        ("ingress", {"namespaceSelector": {"matchLabels": {"team": "web"}}}, True, False),
        ("ingress", {"podSelector": {}}, True, False),
    ],
)
def test_rules_that_let_everybody_through(rules, peer, ports, open):
    rule = {"from" if rules == "ingress" else "to": [peer]} | ({"ports": [{"port": 443}]} if ports else {})
    assert refuses(OPEN_RULE, policy(podSelector={}, **{rules: [rule]})) is open


@pytest.mark.parametrize(
    ("annotations", "ranges", "open"),
    [
        ({}, None, True),
        ({}, ["203.0.113.0/24"], False),
        ({}, ["10.1.2.3/8"], False),
        ({}, ["0.0.0.0/1"], True),
        ({}, ["203.0.113.0/24", "8.0.0.0/7"], True),
        ({"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}, None, False),
        ({"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}, None, True),
        ({"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}, None, False),
        ({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}, None, False),
        ({"networking.gke.io/load-balancer-type": "Internal"}, None, False),
        ({"cloud.google.com/load-balancer-type": "Internal"}, None, False),
    ],
)
def test_load_balancers(annotations, ranges, open):
    spec = {"type": "LoadBalancer"} | ({"loadBalancerSourceRanges": ranges} if ranges else {})
    assert refuses("S3.service-inside", kubernetes("Service", annotations=annotations, spec=spec)) is open


def test_a_service_of_knative_is_no_service():
    knative = kubernetes("Service", "serving.knative.dev/v1", spec={"type": "NodePort"})
    assert not refuses("S3.service-inside", knative, kubernetes("Service", spec={}))


ALB = "alb.ingress.kubernetes.io/"
BOTH = '[{"HTTP": 80}, {"HTTPS": 443}]'


@pytest.mark.parametrize(
    ("host", "tls", "annotations", "open"),
    [
        ("api.example.com", [{"hosts": ["api.example.com"]}], {}, False),
        ("api.example.com", [{"secretName": "tls"}], {}, False),
        ("api.example.com", [{"hosts": ["*.example.com"]}], {}, False),
        ("a.api.example.com", [{"hosts": ["*.example.com"]}], {}, True),
        ("example.com", [{"hosts": ["*.example.com"]}], {}, True),
        ("api.example.com", [{"hosts": ["www.example.com"]}, {"hosts": ["api.example.com"]}], {}, False),
        (None, [{"hosts": ["www.example.com"]}], {}, True),
        (None, [], {}, True),
        ("api.example.com", [], {f"{ALB}certificate-arn": "arn:aws:acm:eu-west-1:111122223333:certificate/web"}, False),
        ("api.example.com", [], {f"{ALB}listen-ports": BOTH, f"{ALB}ssl-redirect": "443"}, False),
        ("api.example.com", [], {f"{ALB}listen-ports": BOTH}, True),
        ("api.example.com", [], {f"{ALB}listen-ports": '[{"HTTP": 80}]', f"{ALB}ssl-redirect": "443"}, True),
        ("api.example.com", [], {f"{ALB}listen-ports": '[{"HTTPS": 443}]'}, False),
    ],
)
def test_ingresses(host, tls, annotations, open):
    spec = {"tls": tls, "rules": [{"host": host}] if host else []}
    assert refuses("S3.ingress-tls", kubernetes("Ingress", NETWORK, annotations=annotations, spec=spec)) is open


def gateway(protocol="HTTP"):
    listener = {"name": "http", "port": 80, "protocol": protocol}
    return kubernetes("Gateway", "gateway.networking.k8s.io/v1", spec={"listeners": [listener]})


def route(scheme="https", namespace=None, **parent):
    rules = [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": scheme}}]}]
    spec = {"parentRefs": [{"name": "web", **parent}], "rules": rules}
    return kubernetes("HTTPRoute", "gateway.networking.k8s.io/v1", namespace, spec=spec)


@pytest.mark.parametrize(
    ("routes", "open"),
    [
        ([], True),
        ([route()], False),
        ([route(sectionName="http")], False),
        ([route(sectionName="https")], True),
        ([route(name="other")], True),
        ([route(scheme="http")], True),
        ([route(), route(scheme="http")], True),
        ([route(namespace="apps")], True),
    ],
)
def test_gateways(routes, open):
    assert refuses("S3.gateway-tls", gateway(), *routes) is open
    assert not refuses("S3.gateway-tls", gateway("HTTPS"), *routes)


def test_a_route_may_name_a_gateway_of_another_namespace():
    there = route(namespace="apps")
    there["spec"]["parentRefs"][0]["namespace"] = "default"
    assert not refuses("S3.gateway-tls", gateway(), there)


@pytest.mark.parametrize(
    ("protocol", "tls", "open"),
    [
        ("HTTP", {}, True),
        ("HTTP2", {}, True),
        ("GRPC", {}, True),
        ("HTTP", {"httpsRedirect": True}, False),
        ("HTTPS", {"mode": "SIMPLE"}, False),
    ],
)
def test_gateways_of_istio(protocol, tls, open):
    server = {"port": {"name": "web", "number": 80, "protocol": protocol}, "tls": tls}
    istio = kubernetes("Gateway", "networking.istio.io/v1", spec={"servers": [server]})
    assert refuses("S3.gateway-tls", istio) is open
