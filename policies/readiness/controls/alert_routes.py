"""M3: every alert reaches somebody, and a page that nobody answers goes to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.alerting import Alert, Routing, alerts, reached, routings
from readiness.facts.resources import fields, mappings
from readiness.facts.unknown import UnknownValue

CONFIGURATION = "https://prometheus.io/docs/alerting/latest/configuration/"
ON_CALL = "https://sre.google/sre-book/being-on-call/"
PAGES = frozenset({"page", "critical"})
# Integrations that go on until somebody answers, and then to the next in line; mail and chat do neither.
PAGERS = frozenset({"pagerduty", "opsgenie", "victorops", "pushover", "incidentio", "sns", "webhook"})
LONGEST_WAIT = 300  # seconds until a page wakes the first
PLAIN = {"info", "none"}  # severities that nobody needs to be told of


def noisy(facts: Facts) -> Iterator[Alert]:
    """The alerts that somebody must be told of."""
    return (one for one in alerts(facts) if one.severity not in PLAIN)


def integrations(receiver: Mapping[str, Any]) -> set[str]:
    """How a receiver tells people: ``slack``, ``pagerduty``, … in both spellings, Alertmanager's and the operator's."""
    keys = (key for key, value in receiver.items() if value and key.lower().endswith("configs"))
    return {key.lower().removesuffix("configs").removesuffix("_") for key in keys}


def told(alert: Alert, routing: Routing) -> dict[str, set[str]]:
    """The receivers that an alert may reach, each with its integrations."""
    return {name: integrations(routing.receivers.get(name, {})) for name, _ in sorted(ends(alert, routing))}


def ends(alert: Alert, routing: Routing) -> set[tuple[str, int]]:
    """The receivers that an alert may reach, each with the seconds after which it does."""
    labels = {key: str(value) for key, value in fields(alert.body, "labels").items() if "{{" not in str(value)}
    return reached(routing.route, labels | {"alertname": alert.name})


def configured(alert: Alert, facts: Facts) -> list[Routing]:
    """The configurations that may route an alert.

    Raises:
        UnknownValue: none was given, so nobody can tell where it goes.
    """
    found = [one for one in facts.once(routings) if one.namespace in ("", alert.resource.namespace)]
    if not found:
        raise UnknownValue(f"the route of alert {alert.name} (give Alertmanager's configuration with the rules)")
    return found


@control(
    id="M3.route",
    title="Every alert that matters has a route to somebody",
    why="an alert that ends in an empty receiver fires for weeks and nobody hears it",
    remedy="amtool config routes test --config.file=alertmanager.yml severity=page",
    severity="high",
    kind="resources",
    sources=(CONFIGURATION,),
    subjects=noisy,
    needs="an alert (PrometheusRule)",
)
def route(alert: Alert, facts: Facts) -> Iterator[Problem]:
    for routing in configured(alert, facts):
        for name, ways in told(alert, routing).items():
            if not ways:
                known = "tells nobody" if name in routing.receivers else "does not exist"
                end = f"receiver {name!r} of {routing.where}, which {known}"
                yield Problem(f"alert {alert.name} ({alert.severity}) may end at {end}")


@control(
    id="M3.escalation",
    title="Every page goes to whoever is on call, until somebody answers",
    why="mail and chat are read when somebody looks; a page must wake the next one when the first does not answer",
    remedy="receivers: [{name: on-call, pagerduty_configs: [{routing_key_file: …}]}], and a route: {matchers: "
    '[severity="page"], receiver: on-call}',
    severity="high",
    kind="resources",
    sources=(ON_CALL, CONFIGURATION),
    subjects=lambda facts: (one for one in alerts(facts) if one.severity in PAGES),
)
def escalation(alert: Alert, facts: Facts) -> Iterator[Problem]:
    for routing in configured(alert, facts):
        ways = told(alert, routing)
        if not any(how & PAGERS for how in ways.values()):
            names = ", ".join(f"{name} ({', '.join(sorted(how)) or 'nobody'})" for name, how in ways.items())
            yield Problem(f"alert {alert.name} is a page, and may reach {names} of {routing.where}: nobody on call")
            continue
        waits = min(wait for name, wait in ends(alert, routing) if ways[name] & PAGERS)
        if waits > LONGEST_WAIT:
            message = f"alert {alert.name} is a page, and {routing.where} lets it wait {waits} s before anybody is told"
            yield Problem(message)


@control(
    id="M3.receivers",
    title="Every route leads to a receiver that exists",
    why="Alertmanager refuses a configuration with an unknown receiver and goes on with the old one, or does not start",
    remedy="amtool check-config alertmanager.yml",
    severity="high",
    kind="resources",
    sources=(CONFIGURATION,),
    subjects=lambda facts: facts.once(routings),
)
def receivers(routing: Routing, facts: Facts) -> Iterator[Problem]:
    if not routing.route.get("receiver"):
        yield Problem("the root of its routes has no receiver")
    for name in sorted(set(named(routing.route)) - routing.receivers.keys()):
        yield Problem(
            f"a route names receiver {name}, which is none of: {', '.join(sorted(routing.receivers)) or 'none'}"
        )


def named(route: Mapping[str, Any]) -> Iterator[str]:
    if route.get("receiver"):
        yield str(route["receiver"])
    for child in mappings(route, "routes"):
        yield from named(child)


CONTROLS = (route, escalation, receivers)
