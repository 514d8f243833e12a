"""R3: a mesh between caller and service stops failing calls instead of multiplying them."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import Resource, fields, line_of, mappings
from readiness.facts.scaling import number

DESTINATION = "https://istio.io/latest/docs/reference/config/networking/destination-rule/"
VIRTUAL = "https://istio.io/latest/docs/reference/config/networking/virtual-service/"
OVERLOAD = "https://sre.google/sre-book/addressing-cascading-failures/"
MOST_ATTEMPTS = 3  # without a number Istio makes 2
ISTIO = "networking.istio.io"


@control(
    id="R3.outlier-detection",
    title="Every DestinationRule takes failing copies out and bounds what waits",
    why="without it a copy that fails fast draws more calls than the sound ones, and queues grow until all time out",
    remedy="trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}, connectionPool: {http: "
    "{http1MaxPendingRequests: 100}}}",
    severity="medium",
    kind="resources",
    sources=(DESTINATION, OVERLOAD),
    subjects=lambda facts: facts.resources.of("DestinationRule", group=ISTIO),
)
def outlier_detection(rule: Resource, facts: Facts) -> Iterator[Problem]:
    policy = fields(rule.spec, "trafficPolicy")
    for key in ("outlierDetection", "connectionPool"):
        if not policy.get(key):
            yield Problem(f"trafficPolicy has no {key}", line_of(policy))


@control(
    id="R3.retries-bounded",
    title=f"Every route of a mesh has a time-out and retries at most {MOST_ATTEMPTS} times",
    why="retries without bound multiply the load of a service that is already failing; a call without time-out holds "
    "its caller",
    remedy="timeout: 2s, and retries: {attempts: 2, perTryTimeout: 1s}",
    severity="medium",
    kind="resources",
    sources=(VIRTUAL, OVERLOAD),
    subjects=lambda facts: facts.resources.of("VirtualService", group=ISTIO),
)
def retries_bounded(service: Resource, facts: Facts) -> Iterator[Problem]:
    for place, route in enumerate(mappings(service.spec, "http")):
        if "redirect" in route or "directResponse" in route:
            continue
        name = route.get("name", f"http[{place}]")
        if not route.get("timeout"):
            yield Problem(f"route {name} has no timeout", line_of(route))
        attempts = number(fields(route, "retries"), "attempts", MOST_ATTEMPTS)
        if attempts > MOST_ATTEMPTS:
            yield Problem(f"route {name} retries {attempts} times", line_of(route))


CONTROLS = (outlier_detection, retries_bounded)
