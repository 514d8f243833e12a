"""D2: callers reach a copy that can answer, through a Service that selects it."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.reach import behind, declared_ports, services
from readiness.facts.resources import Resource, fields, line_of, mappings

SERVICES = "https://kubernetes.io/docs/concepts/services-networking/service/"
INGRESSES = "https://kubernetes.io/docs/concepts/services-networking/ingress/"


def selecting(facts: Facts) -> Iterator[Resource]:
    """The Services that are to find pods by themselves."""
    return (one for one in services(facts) if one.body.get("spec") and "selector" in dict.keys(one.spec))


@control(
    id="D2.service-selects",
    title="Every Service selects the pods of some workload",
    why="a Service that selects nothing has no endpoints: every call to it fails, while each object looks sound",
    remedy="give the Service the labels of the pod template: kubectl get pods --show-labels",
    severity="critical",
    kind="resources",
    sources=(SERVICES,),
    subjects=selecting,
)
def service_selects(service: Resource, facts: Facts) -> Iterator[Problem]:
    if not behind(service, facts):
        wanted = ", ".join(f"{key}={value}" for key, value in fields(service.spec, "selector").items())
        yield Problem(f"no workload in namespace {service.namespace} makes pods with {wanted or 'an empty selector'}")


@control(
    id="D2.service-port",
    title="Every port of a Service leads to a port that its pods have",
    why="a target port that no container listens on refuses every connection",
    remedy="targetPort: http, and the port of that name in the container: ports: [{name: http, containerPort: 8080}]",
    severity="critical",
    kind="resources",
    sources=(SERVICES,),
    subjects=selecting,
)
def service_port(service: Resource, facts: Facts) -> Iterator[Problem]:
    for workload in behind(service, facts):
        numbers, names = declared_ports(workload)
        for port in mappings(service.spec, "ports"):
            target = port.get("targetPort", port.get("port"))
            declared = target in names if isinstance(target, str) else target in numbers or not numbers
            if not declared:
                has = ", ".join(sorted(names | {str(number) for number in numbers})) or "none"
                message = f"port {port.get('port')} leads to {target}, but the ports of {workload.label} are: {has}"
                yield Problem(message, line_of(port))


@control(
    id="D2.ingress-backend",
    title="Every Ingress leads to a Service that exists, on a port that it has",
    why="a wrong name or port answers every caller with an error of the load balancer",
    remedy="backend: {service: {name: NAME, port: {name: http}}}, with the names of kubectl get services",
    severity="critical",
    kind="resources",
    sources=(INGRESSES,),
    subjects=lambda facts: facts.resources.of("Ingress", group="networking.k8s.io"),
)
def ingress_backend(ingress: Resource, facts: Facts) -> Iterator[Problem]:
    for backend in backends(ingress):
        wanted = fields(backend, "service")
        if not wanted:
            continue  # a resource backend, such as a bucket
        name = str(wanted.get("name"))
        service = facts.resources.find("Service", ingress.namespace, name)
        if service is None:
            yield Problem(f"there is no Service {name} in namespace {ingress.namespace}", line_of(backend))
            continue
        port = fields(wanted, "port")
        asked = port.get("name") or port.get("number")
        if not any(asked in (own.get("port"), own.get("name")) for own in mappings(service.spec, "ports") if asked):
            yield Problem(f"Service {name} has no port {asked}", line_of(backend))


def backends(ingress: Resource) -> Iterator[dict[str, object]]:
    default = fields(ingress.spec, "defaultBackend")
    if default:
        yield default
    for rule in mappings(ingress.spec, "rules"):
        for path in mappings(rule, "http", "paths"):
            yield fields(path, "backend")


CONTROLS = (service_selects, service_port, ingress_backend)
