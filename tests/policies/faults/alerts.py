"""Alerts and what carries them: severity, page, route, the people at its end, the series they ask for, the scraping."""

import json
import re
from dataclasses import dataclass

from faults.fault import both, fault
from faults.files import deleted, texts, written
from faults.planned import Planned, added, kubernetes

RULES = Planned("PrometheusRule", "tumour-diagnosis-PrometheusRule")
PLATFORM = Planned("PrometheusRule", "platform-alerts")
PROMETHEUS = Planned("Release", "prometheus")
PODS = Planned("PodMonitor", "external-secrets")
MONITOR = Planned("ServiceMonitor", "tumour-diagnosis-ServiceMonitor")
CALLED = Planned("Service", "tumour-diagnosis")
ROUTES = "values.alertmanager.config.route"
RECEIVERS = "values.alertmanager.config.receivers"
HEARTBEAT, ON_CALL, SECOND, TICKETS = range(4)


@dataclass(frozen=True)
class Rule:
    """A rule of a PrometheusRule, by the name of its alert or record."""

    name: str
    resource: Planned = RULES

    def put(self, path, value):
        return lambda draft: self.resource.put(f"{self.place(draft)}.{path}", value)(draft)

    def drop(self, path):
        return lambda draft: self.resource.drop(f"{self.place(draft)}.{path}")(draft)

    def place(self, draft):
        """The path at which it stands."""
        groups = self.resource.state(draft)["inputs"]["spec"]["groups"]
        found = [
            f"spec.groups.{place}.rules.{number}"
            for place, group in enumerate(groups)
            for number, rule in enumerate(group["rules"])
            if self.name in (rule.get("alert"), rule.get("record"))
        ]
        assert len(found) == 1, f"{len(found)} rules are called {self.name}"
        return found[0]


DOWN, BURN, MODEL = Rule("ServiceDown"), Rule("AvailabilityFastBurn"), Rule("ModelNotLoaded")
TO = {"route": [{"destination": {"host": "tumour-diagnosis"}}]}


def board(series):
    return json.dumps({"title": "More", "panels": [{"targets": [{"expr": f"sum({series})"}]}]})


def mesh(kind, **spec):
    return kubernetes("networking.istio.io/v1", kind, "predict", "services", spec=spec)


TABLE = (
    fault("an alert without a severity", DOWN.drop("labels.severity"), "M3.severity"),
    fault("a severity that is none", DOWN.put("labels.severity", "urgent"), "M3.severity"),
    fault("an alert without a page", DOWN.drop("annotations.runbook_url"), "M3.runbook-url"),
    fault("a page without an address", BURN.put("annotations.runbook_url", "runbooks/burn"), "M3.runbook-url"),
    fault(
        "the platform's alert without a page",
        Rule("NodeNotReady", PLATFORM).drop("annotations.runbook_url"),
        "M3.runbook-url",
    ),
    fault("an alert that does not say what is wrong", DOWN.drop("annotations"), "M3.summary", "M3.runbook-url"),
    fault(
        "an alert on a series that nobody exports", MODEL.put("expr", "max(model_is_ready) == 0"), "M3.series-exported"
    ),
    fault(
        "an alert on a recorded series that was renamed",
        Rule("job:predictions_failed:ratio_rate1h").put("record", "job:predictions_failing:ratio_rate1h"),
        "M3.series-exported",
    ),
    fault(
        "an expression with a bracket too few",
        DOWN.put("expr", "sum by (job) (up == 0"),
        "M3.rule-valid",
        also={"M3.series-exported": "what it asks for cannot be told"},
    ),
    fault(
        "an alert without an expression",
        DOWN.put("expr", ""),
        "M3.rule-valid",
        also={"M3.series-exported": "what it asks for cannot be told"},
    ),
    fault("a duration that is none", DOWN.put("for", "3 minutes"), "M3.rule-valid"),
    fault("both an alert and a record", DOWN.put("record", "service:down"), "M3.rule-valid"),
    fault(
        "nobody is on call", PROMETHEUS.put(f"{RECEIVERS}.{ON_CALL}", {"name": "on-call"}), "M3.route", "M3.escalation"
    ),
    fault(
        "pages wait for the second line",
        PROMETHEUS.put(f"{ROUTES}.routes.{ON_CALL}.matchers", ['severity="never"']),
        "M3.escalation",
    ),
    fault(
        "tickets go to a receiver without an end",
        PROMETHEUS.put(f"{RECEIVERS}.{TICKETS}", {"name": "tickets"}),
        "M3.route",
    ),
    fault(
        "pages go to the chat alone",
        PROMETHEUS.put(f"{ROUTES}.routes", [{"receiver": "heartbeat", "matchers": ['alertname="Watchdog"']}]),
        "M3.escalation",
    ),
    fault(
        "a route to a receiver that is not there",
        PROMETHEUS.put(f"{ROUTES}.routes.{SECOND}.receiver", "boss"),
        "M3.receivers",
        "M3.route",
    ),
    fault("the last route leads nowhere", PROMETHEUS.put(f"{ROUTES}.receiver", "nobody"), "M3.receivers"),
    fault(
        "the monitor selects no Service",
        MONITOR.put("spec.selector.matchLabels", {"app": "another"}),
        "M1.monitor-selects",
    ),
    fault(
        "the monitor asks a port that is not there",
        MONITOR.put("spec.endpoints.0.port", "metrics"),
        "M1.monitor-selects",
    ),
    fault("the Service loses the name of its port", CALLED.put("spec.ports.0.name", "web"), "M1.monitor-selects"),
    fault(
        "a Prometheus that picks up no rule of ours",
        kubernetes(
            "monitoring.coreos.com/v1",
            "Prometheus",
            "main",
            "observability",
            spec={"ruleSelector": {"matchLabels": {"prometheus": "main"}}, "ruleNamespaceSelector": {}},
        ),
        "M3.rules-picked-up",
    ),
    fault("the tests of the rules go", deleted("tests/monitoring/.*"), "M3.alert-rules-tested"),
    fault("the page of an alert goes", deleted("runbooks/model-not-loaded.md"), "G3.runbook-for-each-alert"),
    fault("no code makes dashboards", deleted("deploy/monitoring/dashboards/.*"), "M2.dashboards-kept"),
    fault(
        "a route of the mesh that retries again and again",
        mesh("VirtualService", hosts=["tumour-diagnosis"], http=[TO | {"timeout": "2s", "retries": {"attempts": 50}}]),
        "R3.retries-bounded",
    ),
    fault(
        "a route of the mesh without a limit of time",
        mesh("VirtualService", hosts=["tumour-diagnosis"], http=[TO]),
        "R3.retries-bounded",
    ),
    fault(
        "failing copies keep their callers",
        mesh("DestinationRule", host="tumour-diagnosis", trafficPolicy={}),
        "R3.outlier-detection",
    ),
    fault(
        "a gateway without TLS",
        kubernetes(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            "outside",
            "services",
            spec={"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        ),
        "S3.gateway-tls",
    ),
    fault(
        "an object that cannot be read",
        added(
            "kubernetes:core/v1:ConfigMap", "broken", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "broken"}
        ),
        "S5.readable-manifests",
    ),
    fault(
        "a monitor that selects no pod",
        kubernetes(
            "monitoring.coreos.com/v1",
            "PodMonitor",
            "predict",
            "services",
            spec={"selector": {"matchLabels": {"app": "another"}}, "podMetricsEndpoints": [{"port": "http"}]},
        ),
        "M1.pod-monitor-selects",
    ),
    fault(
        "a dashboard that nothing deploys", written("panels/more.json", board("model_ready")), "M2.dashboards-deployed"
    ),
    fault(
        "a dashboard of a series that nobody exports",
        both(
            written("panels/more.json", board("model_is_ready")),
            written("panels/Makefile", "deploy:\n\tgrafana-import more.json\n"),
        ),
        "M2.dashboards-show-metrics",
    ),
    fault(
        "there are no alerts",
        both(
            RULES.removed(),
            PLATFORM.removed(),
            texts("deploy/.*[.]py", lambda text: text.replace("PrometheusRule", "Rules")),
        ),
        "M3.alert-rules-kept",
        "G4.objectives-measured",
        also=dict.fromkeys(
            ("M3.route", "M3.runbook-url", "M3.severity", "G3.runbook-for-each-alert", "M3.alert-rules-tested"),
            "there is none to judge",
        ),
    ),
    fault(
        "no rule watches the budget of errors",
        both(RULES.removed(), texts("deploy/monitoring/.*", lambda text: re.sub("(?i)burn", "use", text))),
        "G4.objectives-measured",
    ),
)
