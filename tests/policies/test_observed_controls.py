"""Logs and metrics of a service: which libraries count, what shows and scrapes them, what is never counted."""

import pytest
from judged import SERVICE, kubernetes, refuses, verdicts

from readiness.control import Verdict

FORMATTER = (
    "import json\nimport logging\n\n\nclass Lines({}):\n    def format(self, record):\n        return {}(record)\n"
)


def service(code):
    return {"app.py": SERVICE + code}


@pytest.mark.parametrize(
    ("code", "structured"),
    [
        *((f"import {name}", True) for name in ("pythonjsonlogger", "ecs_logging", "json_logging")),
        *((f"import {name}", True) for name in ("json_log_formatter", "logfmter", "logging_json")),
        ("from google.cloud import logging", True),
        ("from google.cloud import storage", False),
        *((f"{name}()", True) for name in ("JSONRenderer", "JsonFormatter")),
        ("import loguru\nloguru.logger.add(path, serialize=True)", True),
        ("import loguru", False),
        ("rows(serialize=True)", False),
        (FORMATTER.format("logging.Formatter", "json.dumps"), True),
        (FORMATTER.format("Formatter", "encoder.encode"), True),
        (FORMATTER.format("Base", "json.dumps"), False),
        (FORMATTER.format("Formatter", "str"), False),
        (FORMATTER.format("Formatter", "json.dumps").replace("import logging", ""), False),
    ],
)
def test_structured_logs(code, structured):
    assert refuses("M5.logs-structured", files=service(code)) is not structured


@pytest.mark.parametrize(
    ("name", "text", "structured"), [("log.yaml", "pythonjsonlogger", True), ("a.yaml", "", False)]
)
def test_settings_may_say_that_logs_are_structured(name, text, structured):
    assert refuses("M5.logs-structured", files={**service(""), name: text}) is not structured


@pytest.mark.parametrize(
    ("code", "found"),
    [
        *((f"import {name}", True) for name in ("opentelemetry", "asgi_correlation_id", "ddtrace")),
        ("get('X-Request-ID')", True),
        ("correlation_id = 1", True),
        ("get('x-api-key')", False),
    ],
)
def test_requests_in_logs(code, found):
    assert refuses("M5.logs-by-request", files=service(code)) is not found


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        *((f"import {name}\n{name}.Counter('predicted')", True) for name in ("statsd", "datadog", "aioprometheus")),
        *((f"{name}('predicted')", True) for name in ("Counter", "Gauge", "Histogram", "Summary", "Info", "Enum")),
        *((f"self.meter.create_{name}('predicted')", True) for name in ("counter", "histogram", "up_down_counter")),
        ("import opentelemetry\nmeter.create_observable_gauge('predicted')", True),
        ("def own(name):\n    return self.registry.Counter(name)\n\nown('predicted')", True),
        ("def own(name):\n    return str(name)\n\nown('predicted')", False),
        ("print('predicted')", False),
        ("Counter()", False),
        ("Counter('requests')", False),
    ],
)
def test_metrics_of_a_model(code, counted):
    library = "" if code.startswith("import") else "import prometheus_client\n"
    assert refuses("M1.model-measured", files=service(library + code)) is not counted


def test_a_counter_of_no_library_for_metrics_is_none():
    assert refuses("M1.model-measured", files=service("from collections import Counter\nCounter('predicted')"))


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        *((f"app.mount('/metrics', {name}())", True) for name in ("make_asgi_app", "make_wsgi_app", "expose")),
        ("self.app.mount('/internal/metrics/', generate_latest)", True),
        ("Mount('/metrics', generate_latest)", True),
        ("Dispatcher(app, {'/metrics': generate_latest})", True),
        ("app.mount('/health', generate_latest)", False),
        ("app.mount('metrics', generate_latest)", False),
        ("print('/metrics', generate_latest)", False),
        ("app.mount('/metrics', other)", False),
        *((f"{name}()", True) for name in ("start_http_server", "handle_metrics", "PrometheusMetrics")),
        *((f"{name}()", True) for name in ("PeriodicExportingMetricReader", "push_to_gateway", "init_app")),
        ("Instrumentator()", True),
    ],
)
def test_metrics_are_shown(code, shown):
    made = "import prometheus_client\nprometheus_client.Counter('seen')\n"
    assert refuses("M1.metrics-exported", files=service(made + code)) is not shown


def test_an_instrumentator_counts_by_itself():
    code = "from prometheus_fastapi_instrumentator import Instrumentator\nInstrumentator()"
    assert not refuses("M1.metrics-exported", files=service(code))


@pytest.mark.parametrize(
    ("code", "updated"),
    [
        ("seen: Counter = Counter('seen')\nseen.inc()", True),
        ("seen: Counter = Counter('seen')", False),
        ("self.seen = Counter('seen')\nself.seen.inc()", True),
        ("self.seen = Counter('seen')\nself.other.inc()", False),
    ],
)
def test_metrics_are_updated(code, updated):
    assert refuses("M1.metrics-updated", files=service(f"from prometheus_client import Counter\n{code}")) is not updated


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor", "ScrapeConfig", "PodMonitoring"])
def test_objects_that_scrape(kind):
    assert not refuses("M1.metrics-scraped", kubernetes(kind), files=service(""))


@pytest.mark.parametrize(
    ("name", "text", "scraped"),
    [
        ("templates/web.tpl", "prometheus.io/scrape", True),
        ("prometheus.yaml", "scrape_configs:", True),
        ("notes.txt", "scrape_configs:", False),
        ("deploy.py", "make('ServiceMonitor')", True),
        ("deploy.py", "make('PodMonitor')", True),
        ("deploy.py", "make('Service')", False),
    ],
)
def test_files_that_scrape(name, text, scraped):
    expected = Verdict.PASS if scraped else Verdict.NOT_EVALUATED
    assert verdicts("M1.metrics-scraped", files={**service(""), name: text}) == {expected}
