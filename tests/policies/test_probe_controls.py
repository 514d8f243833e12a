"""Probes and the end of a container: which ports, questions and pauses are refused."""

import pytest
from judged import kubernetes, refuses, verdicts

PORTS = [{"name": "http", "containerPort": 8080}]
PROBE = {"httpGet": {"path": "/", "port": "http"}}
BOTH = {"readinessProbe": PROBE, "livenessProbe": PROBE}
PROBES = ("readinessProbe", "livenessProbe")


def workload(*containers, kind="Deployment", version="apps/v1", **pod):
    named = [{"name": f"c{place}", "image": "web", **body} for place, body in enumerate(containers)]
    return kubernetes(kind, version, spec={"template": {"spec": {"containers": named, **pod}}})


@pytest.mark.parametrize(
    ("main", "beside", "missing"),
    [
        ({**BOTH, "ports": PORTS}, {}, False),
        ({**BOTH, "ports": PORTS}, {"ports": PORTS}, True),
        (BOTH, {}, True),
        ({"ports": PORTS}, {}, True),
    ],
)
@pytest.mark.parametrize("probe", PROBES)
def test_a_helper_beside_a_probed_server_needs_no_probe(probe, main, beside, missing):
    assert refuses(f"D3.{probe.replace('Probe', '-probe')}", workload(main, beside)) is missing


@pytest.mark.parametrize("probe", PROBES)
def test_only_what_runs_for_ever_needs_probes(probe):
    served = workload({**BOTH, "ports": PORTS}, initContainers=[{"name": "first", "image": "web"}])
    job = workload({}, kind="Job", version="batch/v1")
    assert not refuses(f"D3.{probe.replace('Probe', '-probe')}", served, job)


@pytest.mark.parametrize("probe", ["startupProbe", *PROBES])
@pytest.mark.parametrize("way", ["httpGet", "tcpSocket", "grpc"])
def test_ports_of_probes(probe, way):
    assert refuses("D3.probe-port", workload({"ports": PORTS, probe: {way: {"port": 9000}}}))
    assert not refuses("D3.probe-port", workload({"ports": PORTS, probe: {way: {"port": 8080}}}))


@pytest.mark.parametrize(
    ("ready", "live", "same"),
    [
        ({"httpGet": {"path": "/"}}, None, False),
        (None, {"httpGet": {"path": "/"}}, False),
        ({"exec": {"command": ["a"]}}, {"exec": {"command": ["a"]}}, True),
        ({"exec": {"command": ["a"]}}, {"exec": {"command": ["b"]}}, False),
        ({"grpc": {"port": 1}}, {"grpc": {"port": 1}}, True),
        ({"grpc": {"port": 1}}, {"grpc": {"port": 2}}, False),
        ({"tcpSocket": {"port": 1}}, {"tcpSocket": {"port": 1}}, False),
    ],
)
def test_questions_of_probes(ready, live, same):
    assert refuses("D3.probe-differs", workload({"readinessProbe": ready, "livenessProbe": live})) is same


@pytest.mark.parametrize(
    ("ready", "live", "killed"),
    [
        ({"periodSeconds": 10, "failureThreshold": 3}, {}, True),
        ({}, {"periodSeconds": 5, "failureThreshold": 6}, True),
        ({}, {"periodSeconds": 11}, False),
        ({}, {"failureThreshold": 4}, False),
        ({}, {"periodSeconds": 10, "failureThreshold": 6}, False),
    ],
)
def test_liveness_that_asks_the_same_must_be_more_patient(ready, live, killed):
    probes = {"readinessProbe": {**PROBE, **ready}, "livenessProbe": {**PROBE, **live}}
    assert refuses("D3.probe-differs", workload(probes)) is killed


SLEEP = {"sleep": {"seconds": 30}}


@pytest.mark.parametrize(
    ("hook", "pod", "lost"),
    [
        (SLEEP, {}, True),
        (SLEEP, {"terminationGracePeriodSeconds": 31}, False),
        ({"sleep": {"seconds": 29}}, {}, False),
        ({"exec": {"command": ["stop"]}}, {"terminationGracePeriodSeconds": 1}, False),
    ],
)
def test_pauses(hook, pod, lost):
    serving = workload({"ports": PORTS, "lifecycle": {"preStop": hook}}, **pod)
    for environment in ("staging", "prod"):
        assert refuses("D3.drain", serving, environment=environment) is lost
    assert verdicts("D3.drain", serving, environment="dev") == set()
