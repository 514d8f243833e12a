"""S3: from outside, a service is reached by one door, and through it by TLS only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_interface
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import Resource, fields, items, line_of, mappings
from readiness.facts.scalars import flag, text

INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
}
ALB = "alb.ingress.kubernetes.io/"
NO_REDIRECT = "nginx.ingress.kubernetes.io/ssl-redirect"


@control(
    id="S3.service-inside",
    title="No Service opens a door of its own to the outside",
    why="a port of every node or a public load balancer is reached past the ingress, its TLS and its limits",
    remedy="spec: {type: ClusterIP}, and an Ingress or HTTPRoute that leads to it",
    severity="high",
    kind="resources",
    sources=("https://kubernetes.io/docs/concepts/services-networking/service/", "CVE-2020-8554 (externalIPs)"),
    subjects=lambda facts: facts.resources.of("Service", group=""),
)
def service_inside(service: Resource, facts: Facts) -> Iterator[Problem]:
    type = text(service.spec, "type")
    if type == "NodePort":
        yield Problem("its type is NodePort: every node answers for it")
    if type == "LoadBalancer" and not internal(service):
        yield Problem("its type is LoadBalancer, neither internal nor limited by loadBalancerSourceRanges")
    if items(service.spec, "externalIPs"):
        yield Problem("it has externalIPs, with which a Service can take traffic that is meant for others")


def internal(service: Resource) -> bool:
    """Its load balancer is in the private network, or answers to some addresses only."""
    annotations = service.annotations
    if any(text(annotations, key).lower() == value for key, value in INTERNAL.items()):
        return True
    ranges = items(service.spec, "loadBalancerSourceRanges")
    return bool(ranges) and all(ip_interface(one).network.prefixlen >= 8 for one in ranges)


@control(
    id="S3.ingress-tls",
    title="Every host of an Ingress is served by TLS",
    why="without TLS, keys and data of callers are read and changed by whoever is on the way",
    remedy="spec: {tls: [{hosts: [HOST], secretName: HOST-tls}]}",
    severity="high",
    kind="resources",
    sources=("https://kubernetes.io/docs/concepts/services-networking/ingress/#tls",),
    subjects=lambda facts: facts.resources.of("Ingress"),
)
def ingress_tls(ingress: Resource, facts: Facts) -> Iterator[Problem]:
    if text(ingress.annotations, NO_REDIRECT) == "false":
        yield Problem(f"{NO_REDIRECT} is false: it answers without TLS, too")
    if by_load_balancer(ingress):
        return
    sealed = [str(host) for entry in mappings(ingress.spec, "tls") for host in items(entry, "hosts") or ["*"]]
    rules = mappings(ingress.spec, "rules")
    for rule in rules or [{}]:
        host = text(rule, "host")
        if not any(covers(one, host) for one in sealed):
            yield Problem(f"{host or 'its default host'} is in no entry of spec.tls", line_of(rule))


def by_load_balancer(ingress: Resource) -> bool:
    """AWS's load balancer ends TLS with a certificate of its own, and redirects what comes without."""
    annotations = ingress.annotations
    listens = text(annotations, f"{ALB}listen-ports")
    if not listens:
        return bool(text(annotations, f"{ALB}certificate-arn"))
    protocols = {protocol for port in json.loads(listens) for protocol in port}
    return protocols == {"HTTPS"} or ("HTTPS" in protocols and bool(text(annotations, f"{ALB}ssl-redirect")))


def covers(sealed: str, host: str) -> bool:
    """A host of spec.tls is this host, or a wildcard for it; ``*`` stands for an entry that names no host."""
    return sealed == "*" or sealed == host or (sealed.startswith("*.") and host.partition(".")[2] == sealed[2:])


@control(
    id="S3.gateway-tls",
    title="A Gateway listens without TLS only to redirect",
    why="without TLS, keys and data of callers are read and changed by whoever is on the way",
    remedy="protocol: HTTPS, tls: {certificateRefs: [{name: HOST-tls}]}; for port 80 only a route that redirects",
    severity="high",
    kind="resources",
    sources=("https://gateway-api.sigs.k8s.io/guides/http-redirect-rewrite/",),
    subjects=lambda facts: facts.resources.of("Gateway"),
)
def gateway_tls(gateway: Resource, facts: Facts) -> Iterator[Problem]:
    for listener in mappings(gateway.spec, "listeners"):
        if text(listener, "protocol") == "HTTP" and not only_redirects(gateway, listener, facts):
            yield Problem(f"listener {text(listener, 'name')} takes requests without TLS", line_of(listener))
    for server in mappings(gateway.spec, "servers"):  # Istio's kind of the same name
        plain = text(server, "port", "protocol") in ("HTTP", "HTTP2", "GRPC")
        if plain and not flag(server, "tls", "httpsRedirect"):
            yield Problem(f"server {text(server, 'port', 'name')} takes requests without TLS", line_of(server))


def only_redirects(gateway: Resource, listener: dict[str, Any], facts: Facts) -> bool:
    """There are routes for a listener, and all they do is to send callers to HTTPS."""
    routes = [one for one in facts.resources.of("HTTPRoute") if attached(one, gateway, listener)]
    return bool(routes) and all(
        any(text(step, "requestRedirect", "scheme") == "https" for step in mappings(rule, "filters"))
        for route in routes
        for rule in mappings(route.spec, "rules")
    )


def attached(route: Resource, gateway: Resource, listener: dict[str, Any]) -> bool:
    return any(
        text(parent, "name") == gateway.name
        and (text(parent, "namespace") or route.namespace) == gateway.namespace
        and text(parent, "sectionName") in ("", text(listener, "name"))
        for parent in mappings(fields(route.body, "spec"), "parentRefs")
    )


CONTROLS = (service_inside, ingress_tls, gateway_tls)
