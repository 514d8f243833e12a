"""The policy pack answers as the engine asks it, over gRPC, and blocks on what is unknown."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from needs import need

POLICIES = Path(__file__).parents[2] / "policies"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
MANDATORY, ADVISORY = 1, 0


@pytest.fixture(scope="module")
def pack(pack_python):
    """A client of the pack, which runs as a process of its own."""
    need(find_spec("pulumi"), "install requirements/stacks.txt")
    import grpc
    from pulumi.runtime.proto import analyzer_pb2_grpc

    command = [pack_python, "-m", "pulumi.policy", "127.0.0.1:1", str(POLICIES / "pack")]
    known = {**os.environ, "PYTHONPATH": str(POLICIES)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=known, text=True)
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel)
    process.kill()
    process.wait()


def resource(kind, name, **spec):
    """A Kubernetes object as the engine tells of it."""
    from google.protobuf import json_format, struct_pb2
    from pulumi.runtime.proto import analyzer_pb2

    api = {"Deployment": "apps/v1", "PodDisruptionBudget": "policy/v1"}.get(kind, "v1")
    body = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "services"}, "spec": spec}
    type_ = f"kubernetes:{api if '/' in api else 'core/v1'}:{kind}"
    return analyzer_pb2.AnalyzerResource(
        type=type_,
        name=name,
        urn=f"urn:pulumi:prod::web::{type_}::{name}",
        properties=json_format.ParseDict(body, struct_pb2.Struct()),
        options=analyzer_pb2.AnalyzerResourceOptions(),
    )


def service(selector):
    return resource("Service", "web", selector=selector, ports=[{"port": 80}])


def deployment():
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
    return resource("Deployment", "web", replicas=2, template=template)


def ask(pack, *resources):
    """What the pack says of a stack: control, level and URN of each violation."""
    from pulumi.runtime.proto import analyzer_pb2

    answer = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources))
    return [(one.message, one.enforcementLevel, one.urn) for one in answer.diagnostics]


def about(said, control):
    return [one for one in said if f"\n{control}: " in one[0]]


def test_a_service_that_selects_nothing_is_refused_with_its_urn(pack):
    said = about(ask(pack, deployment(), service({"app": "wep"})), "D2.service-selects")
    assert [(level, urn) for _, level, urn in said] == [(MANDATORY, service({}).urn)]


def test_a_service_that_selects_its_pods_is_let_through(pack):
    assert not about(ask(pack, deployment(), service({"app": "web"})), "D2.service-selects")


@pytest.mark.parametrize("selector", [UNKNOWN, {"app": UNKNOWN}])
def test_an_unknown_value_blocks_and_does_not_keep_the_policy_from_running(pack, selector):
    said = ask(pack, deployment(), service(selector))
    blocked = about(said, "D2.service-selects")
    assert [level for _, level, _ in blocked] == [MANDATORY]
    assert "not evaluated" in blocked[0][0]
    assert not [message for message, _, _ in said if "can't run policy" in message]


def test_each_item_is_a_policy_that_says_its_level(pack):
    from google.protobuf import empty_pb2

    told = {one.name: one.enforcementLevel for one in pack.GetAnalyzerInfo(empty_pb2.Empty()).policies}
    assert told["D2"] == told["S3"] == MANDATORY
    assert all(level == ADVISORY for name, level in told.items() if name.endswith("-advice"))
