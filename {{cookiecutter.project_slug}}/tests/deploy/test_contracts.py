"""What the deployment takes for granted of the service, its images and its training: each fails when either drifts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from mlflow.environment_variables import MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME

from deploy.analysis import HASH
from planning import NAME, Plan, plan
from process import install
from running import Service
from service import server
from service import settings as service_settings
from service.http.server import FLUSH_SECONDS
from service.metrics import Metrics
from training import settings as training_settings
from training.commands import cli
from training.releases import pull

ROOT = Path(__file__).parents[2]
STAGES = dict(
    re.findall(r"^FROM \S+(?: AS (\S+))?\n(.*?)(?=^FROM |\Z)", (ROOT / "Dockerfile").read_text(), re.S | re.M)
)
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def image(stage: str) -> dict[str, str]:
    """The environment that an image sets."""
    block = re.search(r"^ENV ((?:.*\\\n)*.*)$", STAGES[stage], re.M)
    assert block, stage
    return dict(pair.split("=", 1) for pair in block[1].replace("\\\n", " ").split())


@pytest.fixture(scope="module")
def prod() -> Plan:
    return plan("prod")


def files(found: Plan, container: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Paths of the files and folders that a container finds, and whether it may write there."""
    volumes = {volume["name"]: volume for volume in found.pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume, writable = volumes[mount["name"]], not mount.get("readOnly", False)
        yield mount["mountPath"], writable
        sources = [volume, *volume.get("projected", {}).get("sources", [])]
        for source in (source.get("configMap") or source.get("secret") for source in sources):
            yield from ((f"{mount['mountPath']}/{item['path']}", writable) for item in (source or {}).get("items", []))


def test_the_port_is_the_services(prod: Plan) -> None:
    (port,) = prod.service["ports"]
    exposed = re.search(r"^EXPOSE (\d+)$", STAGES[""], re.M)
    assert exposed
    assert port["containerPort"] == int(exposed[1]) == service_settings.Settings.model_fields["port"].default
    for one in (one for one in prod.objects if one.kind == "Service"):
        assert [named["targetPort"] for named in one.inputs["spec"]["ports"]] == [port["name"]]
    assert [end["port"] for end in prod.one("ServiceMonitor").inputs["spec"]["endpoints"]] == ["http"]


def test_probes_and_scrapes_ask_for_pages_that_are_there(prod: Plan, service: Service) -> None:
    probes = [prod.service[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")]
    assert {probe["httpGet"]["port"] for probe in probes} == {"http"}
    paths = [probe["httpGet"]["path"] for probe in probes]
    paths += [end["path"] for end in prod.one("ServiceMonitor").inputs["spec"]["endpoints"]]
    for path in paths:
        assert service.client.get(path, headers={"X-API-Key": ""}).status_code == 200, path


def test_a_service_without_a_model_lives_and_is_not_ready(prod: Plan, start: Any, tmp_path: Path) -> None:
    """So it is not restarted for ever while it waits for one, and gets no requests."""
    empty: Service = start(bundle=tmp_path / "nothing")
    asked = {kind: prod.service[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    statuses = {kind: empty.client.get(path).status_code for kind, path in asked.items()}
    assert statuses == {"startup": 200, "liveness": 200, "readiness": 503}


def test_the_service_reads_all_that_it_is_told(prod: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    found = plan(service={"workers": 2, "drain_seconds": 7.5, "log_features": True})
    (told,) = (one.inputs["data"] for one in found.objects if one.name == f"{NAME}-environment")
    for name, value in {**image(""), **told}.items():
        monkeypatch.setenv(name, value)
    read = service_settings.load()  # refuses what it does not know
    assert (read.workers, read.drain_seconds, read.log_features) == (2, 7.5, True)
    assert (read.environment, read.name, read.local) == ("prod", NAME, False)
    assert read.otlp.startswith("http://collector")


def test_files_are_where_the_image_looks_for_them(prod: Plan) -> None:
    there = dict(files(prod, prod.service))
    looked = {name.removeprefix("SERVICE_"): value for name, value in image("").items() if value.startswith("/")}
    for name in ("APPROVERS", "API_KEYS", "AUDIT_KEY", "AUDIT_INPUT_KEY"):
        assert there.get(looked[name]) is False, f"{looked[name]} is no file that is mounted read-only"
    assert there[looked["AUDIT"]] is True
    assert there[str(Path(looked["BUNDLE"]).parent)] is False
    assert there[looked_for_temporary_files := image("")["HOME"]] is True, looked_for_temporary_files


def test_the_pull_leaves_the_model_where_the_service_looks(prod: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    (container,) = prod.pod["initContainers"]
    there = dict(files(prod, container))
    told = {variable["name"]: variable.get("value", "") for variable in container["env"]}
    for name, value in {**image("pull"), **told}.items():
        monkeypatch.setenv(name, value)
    read = training_settings.load()
    assert (read.environment, read.tracking_uri) == ("prod", "http://mlflow.platform:5000")
    assert there[str(read.approvers)] is False
    assert there[str(read.models)] is True
    assert there[image("pull")["HOME"]] is True
    assert str(read.models / "current") == image("")["SERVICE_BUNDLE"]
    assert pull.__module__ == "training.releases"


def test_the_pull_is_a_command_that_takes_a_version(prod: Plan) -> None:
    (container,) = prod.pod["initContainers"]
    assert 'ENTRYPOINT ["python", "-m", "training"]' in STAGES["pull"]
    name, *arguments = container["args"]
    context = cli.commands[name].make_context(name, list(arguments))
    with closing(context):
        assert context.params == {"version": "7"}


def test_the_registry_is_told_by_names_that_its_client_reads(prod: Plan) -> None:
    (container,) = prod.pod["initContainers"]
    names = {variable["name"] for variable in container["env"]}
    assert {one.name for one in (MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD)} <= names


def test_the_user_is_the_images(prod: Plan) -> None:
    security = prod.pod["securityContext"]
    for stage in ("", "pull"):
        user = re.search(r"^USER (\d+):(\d+)$", STAGES[stage], re.M)
        assert user
        assert (security["runAsUser"], security["runAsGroup"]) == (int(user[1]), int(user[2])), stage
    assert security["fsGroup"] == security["runAsGroup"], "or it could not read its secrets"


@pytest.mark.parametrize("changes", [{}, {"drain_seconds": 12.5, "grace_seconds": 60}], ids=["default", "longer"])
def test_a_pod_is_not_killed_before_its_requests_are_answered(changes: dict[str, Any]) -> None:
    found = plan(service=changes)
    chosen = service_settings.Settings.model_validate(changes)
    before = found.service["lifecycle"]["preStop"]["sleep"]["seconds"]
    after = chosen.drain_seconds + chosen.grace_seconds + max(FLUSH_SECONDS, server.MARGIN)
    assert found.pod["terminationGracePeriodSeconds"] >= before + ceil(after)


def counted() -> dict[str, set[str]]:
    """What the service exposes: names as Prometheus keeps them, each with its labels."""
    metrics = Metrics()
    own = [value for value in vars(metrics).values() if hasattr(value, "describe") and hasattr(value, "_labelnames")]
    found: dict[str, set[str]] = {}
    for metric in own:
        (family,) = metric.describe()
        labels = set(metric._labelnames)
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        found |= {f"{family.name}{end}": labels | ({"le"} if end == "_bucket" else set()) for end in ends}
    return found


def queries() -> list[str]:
    found = plan(scaling={"minimum": 2, "maximum": 3, "requests_per_second": 100})
    analysis = found.one("AnalysisTemplate").inputs["spec"]["metrics"]
    scaling = found.one("ScaledObject").inputs["spec"]["triggers"]
    asked = [metric["provider"]["prometheus"]["query"] for metric in analysis]
    return asked + [trigger["metadata"]["query"] for trigger in scaling if trigger["type"] == "prometheus"]


def test_analyses_and_scalers_ask_for_metrics_and_labels_that_the_service_has() -> None:
    known, scraped = counted(), {"job", "namespace", HASH.replace("-", "_")}
    asked = [found for query in queries() for found in re.findall(r"([a-z_]+)\{(.*?)\}(?=[\[)]|$)", query)]
    assert len(asked) >= 8
    for name, matchers in asked:
        assert name in known, name
        labels = set(re.findall(r"([a-z_]+)(?:=~|!~|!=|=)\"", matchers))
        assert labels <= known[name] | scraped, (name, labels)


def test_the_analysis_tells_new_pods_by_a_label_that_is_scraped(prod: Plan) -> None:
    assert HASH in prod.one("ServiceMonitor").inputs["spec"]["podTargetLabels"]
    job = prod.one("ServiceMonitor").inputs["spec"]["jobLabel"]
    service = prod.one("Service").inputs["metadata"]
    assert all(f'job="{service["labels"][job]}"' in query for query in queries())
    assert all(f'namespace="{service["namespace"]}"' in query for query in queries())


def test_latency_is_judged_at_an_edge_of_the_histogram(service: Service) -> None:
    service.predict()
    exposed = service.client.get("/metrics").text
    edges = {edge for query in queries() for edge in re.findall(r'le="([^"]+)"', query)}
    assert edges
    assert all(re.search(rf'^http_request_duration_seconds_bucket{{le="{edge}"', exposed, re.M) for edge in edges)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured by /proc")
def test_the_service_fits_into_its_memory_twice_over(prod: Plan, tmp_path: Path) -> None:
    installed = install(tmp_path)
    with installed.run() as process:
        for _ in range(50):
            with process.wire() as wire:
                wire.send(installed.prediction())
                assert wire.answer().status == 200
        status = Path(f"/proc/{process.pid}/status").read_text()
    most = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]
    amount, unit = re.fullmatch(r"(\d+)(\w+)", prod.service["resources"]["limits"]["memory"]).groups()  # type: ignore[union-attr]
    assert 2 * most < int(amount) * UNITS[unit], f"{most / 1e6:.0f} MB in use"
