"""What the deployment would put on a cluster: its program, run against a monitor that keeps all that it registers."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import config as runtime_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

from deploy.program import program

DEPLOY = Path(__file__).parents[1] / "deploy"
NAME = "diagnosis"
DIGEST = "@sha256:" + "a1" * 32
RELEASE = {
    "image": f"registry.example/diagnosis{DIGEST}",
    "pull_image": f"registry.example/diagnosis-pull{DIGEST}",
    "model_version": "7",
}
"""What `make deploy` writes into the settings files."""
OWNERS = {"owner": "diagnostics", "cost_centre": "research"}
"""In their files they are the answers to the template's questions."""
PLATFORM = {
    "airworthy-cluster": {"context": "production"},
    "airworthy-registry": {"tracking_uri": "http://mlflow.platform:5000"},
    "airworthy-observability": {
        "prometheus_url": "http://prometheus.observability:9090",
        "otlp_endpoint": "http://collector.observability:4318",
        "runbook_base": "https://runbooks.example",
    },
}
"""Outputs of the platform's stacks."""
ENVIRONMENTS = ("dev", "staging", "prod")


@dataclass(frozen=True)
class Planned:
    """One resource, as the engine is told of it.

    Attributes:
        type: such as ``kubernetes:core/v1:Service``.
        name: in the program.
        inputs: as the cluster would get them.
        urn: its full name; ``parent`` and ``dependencies`` are such.
        protect: whether Pulumi refuses to delete it.
        retain: whether it stays on the cluster when it is no longer planned.
        ignored: paths of inputs whose changes are left to others.
        provider: which one makes it; empty for the default one.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    urn: str
    parent: str
    dependencies: frozenset[str]
    protect: bool
    retain: bool
    ignored: tuple[str, ...]
    provider: str

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


class Plan(list[Planned]):
    """All that was planned, components and providers too, and what the stack gives to others."""

    outputs: dict[str, Any]

    def one(self, kind: str, name: str | None = None) -> Planned:
        """The only one of a kind, or of a kind and a name on the cluster."""
        found = [one for one in self.objects if one.kind == kind]
        found = [one for one in found if name in (None, one.inputs["metadata"]["name"])]
        assert len(found) == 1, [f"{one.kind} {one.name}" for one in self]
        return found[0]

    @property
    def objects(self) -> list[Planned]:
        """Those that are objects on the cluster."""
        return [one for one in self if one.type.startswith("kubernetes:")]

    @property
    def pod(self) -> dict[str, Any]:
        """The pods' spec."""
        (workload,) = (one for one in self.objects if one.kind in ("Rollout", "Deployment"))
        spec: dict[str, Any] = workload.inputs["spec"]["template"]["spec"]
        return spec

    @property
    def service(self) -> dict[str, Any]:
        """The service's container."""
        (container,) = self.pod["containers"]
        found: dict[str, Any] = container
        return found


def settings(environment: str) -> dict[str, Any]:
    """What the settings file of an environment says, by the keys after the project's name."""
    text = (DEPLOY / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(text)["config"]
    return {key.rpartition(":")[2]: value for key, value in config.items()}


def plan(environment: str = "prod", outputs: Mapping[str, Any] = PLATFORM, **changes: Any) -> Plan:
    """Plan a release with the settings of an environment, but for some; None takes one away."""
    chosen = {**settings(environment), **OWNERS, **RELEASE, **changes}
    config = {f"{NAME}:{key}": value for key, value in chosen.items() if value is not None}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    monitor = _Monitor(outputs)

    def run() -> None:
        runtime_config.set_all_config(texts, [])
        features = set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)
        configure(
            MockSettings(
                outputs=set(),  # else what a program that failed still waited for would be waited for by the next
                monitor=monitor,
                monitor_features=features,
                engine=MockEngine(None),
                project=NAME,
                stack=environment,
                dry_run=False,
                organization="organization",
                callbacks=None,
            )
        )
        asyncio.run(run_in_stack(program))

    contextvars.Context().run(run)  # what Pulumi leaves behind ends with this context
    return monitor.planned


class _Monitor(MockMonitor):
    """The SDK's own keeps only types, names and inputs."""

    def __init__(self, platform: Mapping[str, Any]) -> None:
        super().__init__(_Unasked())
        self.platform = platform
        self.planned = Plan()

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != "pulumi:pulumi:Stack":
            self.planned.append(
                Planned(
                    type=request.type,
                    name=request.name,
                    inputs=_whole(json_format.MessageToDict(request.object)),
                    urn=urn,
                    parent=request.parent,
                    dependencies=frozenset(request.dependencies),
                    protect=request.protect,
                    retain=request.retainOnDelete,
                    ignored=tuple(request.ignoreChanges),
                    provider=request.provider,
                )
            )
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id", object=request.object)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if "pulumi:pulumi:Stack" in request.urn.split("::")[-2:]:
            self.planned.outputs = _whole(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:
        project = request.id.split("/")[1]
        outputs = struct_pb2.Struct()
        outputs.update({"name": request.id, "outputs": self.platform.get(project, {}), "secretOutputNames": []})
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=outputs)


class _Unasked(Mocks):
    """What the SDK's monitor would ask; ours answers by itself."""

    def call(self, args: Any) -> Any:
        raise AssertionError(f"{args.token} needs a cluster; take the value from the settings")

    def new_resource(self, args: Any) -> Any:
        raise AssertionError(args)


def _whole(value: Any) -> Any:
    """Whole numbers as such: the wire knows none."""
    if isinstance(value, dict):
        return {key: _whole(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_whole(held) for held in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
