"""Services, Ingresses and meshes: which selectors, ports and backends lead nowhere, and which routes are unbounded."""

import pytest
from judged import kubernetes, messages, pod, refuses, verdicts

NETWORK = "networking.k8s.io/v1"


def web(*ports):
    return pod({"app": "web"}, containers=[{"name": "web", "image": "web", "ports": list(ports)}])


def service(*ports):
    return kubernetes("Service", spec={"selector": {"app": "web"}, "ports": list(ports)})


def ingress(*backends, default=None):
    spec = {"rules": [{"http": {"paths": [{"backend": one} for one in backends]}}]}
    return kubernetes("Ingress", NETWORK, spec=spec | ({"defaultBackend": default} if default else {}))


def to(name="web", **port):
    return {"service": {"name": name, "port": port}}


GRPC = {"service": {"name": "web", "port": {"name": "grpc"}}}


@pytest.mark.parametrize(
    ("declared", "port", "closed"),
    [
        ([{"name": "http", "containerPort": 80}], {"port": 80}, False),
        ([{"name": "http", "containerPort": 8080}], {"port": 80}, True),
        ([{"name": "http", "containerPort": 8080}], {"port": 80, "targetPort": 8080}, False),
        ([{"name": "http", "containerPort": 8080}], {"port": 80, "targetPort": "http"}, False),
        ([{"name": "http", "containerPort": 8080}], {"port": 80, "targetPort": "grpc"}, True),
        ([], {"port": 80}, False),
    ],
)
def test_ports_of_services(declared, port, closed):
    assert refuses("D2.service-port", web(*declared), service(port)) is closed


def test_a_port_by_name_must_be_declared():
    (said,) = messages("D2.service-port", web(), service({"port": 80, "targetPort": "http"}))
    assert said == "port 80 leads to http, but the ports of Pod/default/web are: none"


def test_each_backend_is_looked_at():
    wrong = messages(
        "D2.ingress-backend", service({"port": 80}), ingress(to("gone", number=80), to(number=81), GRPC, {})
    )
    assert wrong == [
        "there is no Service gone in namespace default",
        "Service web has no port 81",
        "Service web has no port grpc",
    ]
    assert messages("D2.ingress-backend", service({"port": 80}), ingress(to())) == ["Service web has no port None"]


def test_a_service_without_selector_looks_for_no_pods():
    alone = kubernetes("Service", spec={"type": "ExternalName", "externalName": "db.example.com"})
    assert not refuses("D2.service-selects", web(), service({"port": 80}), {**alone, "metadata": {"name": "db"}})


BUCKET = {"resource": {"kind": "Bucket", "name": "pictures"}}


@pytest.mark.parametrize(
    ("port", "backends", "nowhere"),
    [
        ({"port": 80}, [to(number=80)], False),
        ({"port": 80}, [to(number=81)], True),
        ({"port": 80}, [to(name="web")], True),
        ({"port": 80, "name": "http"}, [{"service": {"name": "web", "port": {"name": "http"}}}], False),
        ({"port": 80, "name": "http"}, [{"service": {"name": "web", "port": {"name": "grpc"}}}], True),
        ({"port": 80}, [to("gone", number=80)], True),
        ({"port": 80}, [BUCKET, to(number=80)], False),
        ({"port": 80}, [BUCKET, to(number=81)], True),
    ],
)
def test_backends(port, backends, nowhere):
    assert refuses("D2.ingress-backend", service(port), ingress(*backends)) is nowhere
    assert refuses("D2.ingress-backend", service(port), ingress(to(number=80), default=backends[-1])) is nowhere


def test_an_ingress_of_another_api_is_not_read_as_one_of_kubernetes():
    other = kubernetes("Ingress", "config.openshift.io/v1", spec={"defaultBackend": to("gone", number=80)})
    assert not refuses("D2.ingress-backend", service({"port": 80}), ingress(to(number=80)), other)


def mesh(kind="VirtualService", version="networking.istio.io/v1", **spec):
    return kubernetes(kind, version, spec=spec)


@pytest.mark.parametrize(
    ("routes", "wrong"),
    [
        ([{"timeout": "2s"}], []),
        ([{"timeout": "2s", "retries": {"attempts": 3}}], []),
        ([{"timeout": "2s", "retries": {"attempts": 4}}], ["route http[0] retries 4 times"]),
        ([{"timeout": "2s"}, {}], ["route http[1] has no timeout"]),
        ([{"name": "main"}], ["route main has no timeout"]),
        ([{"redirect": {}}], []),
        ([{"directResponse": {}}], []),
        ([{"redirect": {}}, {}], ["route http[1] has no timeout"]),
    ],
)
def test_routes_of_a_mesh(routes, wrong):
    assert messages("R3.retries-bounded", mesh(http=routes)) == wrong


def test_kinds_of_others_are_none_of_istio():
    for id, kind in (("R3.retries-bounded", "VirtualService"), ("R3.outlier-detection", "DestinationRule")):
        assert verdicts(id, mesh(kind, "example.com/v1", http=[{}])) == set()
        assert refuses(id, mesh(kind, http=[{}]))
