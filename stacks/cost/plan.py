"""What the programs would make, without an engine, a cloud or credentials.

Each program runs as in a preview: what a provider would compute is unknown. So an environment can be priced before
there is an account for it.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

from stacks.drive.check import set_config
from stacks.drive.files import SettingsFile
from stacks.drive.order import Stack

MARK = "4dabf18193072939515e22adb298388d"
"""Key that tells a special value, such as a secret, from a mapping on Pulumi's wire."""


@dataclass(frozen=True)
class Resource:
    """A resource as its program describes it.

    Attributes:
        type: its type token, such as ``aws:ec2/vpc:Vpc``.
        name: its name in the program.
        inputs: its properties by their names on the wire; what is not known before ``up`` is None.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]


def plan(stack: Stack, environment: str, file: SettingsFile) -> list[Resource]:
    """All resources of a stack. What it reads of other stacks is unknown.

    Raises:
        SettingsError: the program refuses its settings.
    """
    return planned(import_module(f"stacks.{stack.name}.program").program, stack, environment, file)


def planned(program: Callable[[], None], stack: Stack, environment: str, file: SettingsFile) -> list[Resource]:
    """All resources of a program, run as that of a stack."""
    monitor = _Monitor()
    contextvars.Context().run(_run, program, stack, environment, file, monitor)
    return monitor.found


def _run(program: Callable[[], None], stack: Stack, environment: str, file: SettingsFile, monitor: _Monitor) -> None:
    set_config(stack, file)
    configure(
        MockSettings(  # type: ignore[no-untyped-call]
            monitor=monitor,
            monitor_features=monitor.features,
            engine=MockEngine(None),
            project=stack.project,
            stack=environment,
            dry_run=True,
            organization="organization",
            callbacks=None,
        )
    )
    asyncio.run(run_in_stack(program))


class _Monitor(MockMonitor):
    """Answers as the engine does in a preview: with what it was given, and nothing more is known."""

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.found: list[Resource] = []
        self.features = set(self.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)  # type: ignore[no-untyped-call]

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.custom and not request.type.startswith("pulumi:"):
            inputs = _plain(json_format.MessageToDict(request.object))
            self.found.append(Resource(request.type, request.name, inputs))
        self.resources[urn] = MockMonitor.ResourceRegistration(urn, "", {})
        return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:
        """Another stack, with no outputs that would be known."""
        state = struct_pb2.Struct()
        state["name"] = request.id
        return resource_pb2.ReadResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name), properties=state
        )


class _Nothing(Mocks):
    """The SDK's monitor asks for these; ours answers by itself, and no program of ours calls a cloud's functions."""

    def new_resource(self, args: Any) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError

    def call(self, args: Any) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError


def _plain(value: Any) -> Any:
    """Whole numbers as integers, secrets as what they hide, unknown values as None."""
    if isinstance(value, dict):
        if MARK in value:
            return _plain(value.get("value"))
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value == UNKNOWN else value
