"""Runs a Pulumi program without an engine and writes down what it plans, for ``readiness preview``.

    python pulumi_program.py FOLDER STACK GIVEN PLAN

It runs in the environment of the program, so it imports nothing of readiness. GIVEN is a JSON file with the outputs of
other stacks by their full names, and settings beyond those of the stack's file; PLAN is written as ``pulumi preview
--json`` would, with the stack's own outputs beside. What only a provider could tell is unknown, as in a preview; but

- of a property that the program sets itself the provider's additions (an object's uid, say) are taken to be none;
- what AWS calls a planned resource is known to be that resource and no other, so a policy that names it can be read.
  The name says so itself: ``arn:aws:s3:::planned/artifacts``.

``readiness preview --engine`` takes neither for known.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format, struct_pb2
from pulumi import Output, ResourceOptions, StackReference
from pulumi.resource import ResourceTransformArgs
from pulumi.runtime import config, rpc
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

STACK_TYPE, REFERENCE = "pulumi:pulumi:Stack", "pulumi:pulumi:StackReference"
MARKS = ("04da6b54-80e4-46f7-96ec-b56ff0331ba9", "4dabf18193072939515e22adb298388d")  # unknown, and secret
REPOSITORY, DATABASE = "aws:ecr/repository:Repository", "aws:rds/instance:Instance"
ORGANIZATION = "organization"  # what the file backend calls every organization


class Quiet(Mocks):
    """Needed by the SDK's monitor; ours answers by itself."""

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError(f"{args.typ} is read from a live cloud, which a preview without an engine has not")

    def call(self, args: Any) -> dict[str, Any]:
        raise NotImplementedError(f"{args.token} asks a live cloud: readiness preview --engine runs the real preview")


class Planner(MockMonitor):
    """Keeps the state that each resource is to have."""

    def __init__(self, others: dict[str, dict[str, Any]]) -> None:
        super().__init__(Quiet())
        self.others = others
        self.states: list[dict[str, Any]] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = self.transformed(request)
        if request.custom:
            depends = {name: list(one.urns) for name, one in request.propertyDependencies.items()}
            self.states.append(
                {"urn": urn, "type": request.type, "inputs": inputs, "protect": request.protect}
                | {"propertyDependencies": depends}
            )
        # Without an id, and with no output but the inputs: the SDK then takes all else for unknown.
        outputs = known_outputs(request.type, inputs) | own_names(request.type, request.name, inputs)
        outputs = outputs if request.custom else {}
        return resource_pb2.RegisterResourceResponse(urn=urn, id="", object=struct(outputs))

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if request.urn.split("::")[2] == STACK_TYPE:
            self.outputs = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)

    def ReadResource(self, request: Any) -> Any:
        if request.type != REFERENCE:
            return super().ReadResource(request)
        state: dict[str, Any] = {"name": request.id, "secretOutputNames": []}
        if request.id in self.others:
            state["outputs"] = self.others[request.id]
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=struct(state))

    def transformed(self, request: Any) -> dict[str, Any]:
        """The inputs after the transforms of the stack, which the engine would call."""
        inputs: dict[str, Any] = json_format.MessageToDict(request.object)
        for transform in self.get_registered_transforms():
            told = ResourceTransformArgs(request.custom, request.type, request.name, inputs, ResourceOptions())
            result = transform(told)
            if result is not None:
                inputs = asyncio.run(serialized(result.props))
        return inputs


def known_outputs(type: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs, without the metadata of a Kubernetes object that is to be named by the provider."""
    metadata = inputs.get("metadata")
    nameless = type.startswith("kubernetes:") and isinstance(metadata, dict) and not metadata.get("name")
    return {key: value for key, value in inputs.items() if not (nameless and key == "metadata")}


def own_names(type: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What AWS will call a resource, as far as a program may put it into a policy or into the name of an image."""
    if not type.startswith("aws:"):
        return {}
    names: dict[str, Any] = {"arn": arn(type[4:].partition("/")[0], name)}
    if type == REPOSITORY:
        names["repositoryUrl"] = f"planned.dkr.ecr.amazonaws.com/{inputs.get('name', name)}"
    if type == DATABASE and inputs.get("manageMasterUserPassword"):
        names["masterUserSecrets"] = [{"secretArn": arn("secretsmanager", name)}]
    return names


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:::planned/{name}"


def tell_known_outputs(others: dict[str, dict[str, Any]]) -> None:
    """Lets a program read an output of another stack although others of its outputs are unknown.

    After a first deployment the engine knows all of them; the SDK takes all for unknown as soon as one is.
    """
    begin = StackReference.__init__

    def remember(self: Any, name: str, stack_name: str | None = None, opts: ResourceOptions | None = None) -> None:
        begin(self, name, stack_name, opts)
        self.told = others.get(stack_name or name, {})

    def tell(usual: Any) -> Any:
        def known(self: Any, name: Any) -> Any:
            value = self.told.get(name) if isinstance(name, str) else None
            hidden = value is None or any(mark in json.dumps(value) for mark in MARKS)
            return usual(self, name) if hidden else Output.from_input(value)

        return known

    for method in ("get_output", "require_output"):
        setattr(StackReference, method, tell(getattr(StackReference, method)))
    StackReference.__init__ = remember


async def serialized(props: Any) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(await rpc.serialize_properties(props, {}))
    return found


def struct(values: dict[str, Any]) -> Any:
    return json_format.ParseDict(values, struct_pb2.Struct())


def configuration(folder: Path, project: dict[str, Any], stack: str) -> dict[str, str]:
    """The configuration of a stack, with full names, as the engine hands it over; what is encrypted stays so."""
    own = folder / f"Pulumi.{stack}.yaml"
    if not own.is_file():
        raise SystemExit(f"{own} is missing: name an environment that the project has settings for")
    given = (yaml.safe_load(own.read_text(encoding="utf-8")) or {}).get("config") or {}
    defaults = {key: value_of(entry) for key, entry in (project.get("config") or {}).items()}
    merged = {key: entry for key, entry in defaults.items() if entry is not None} | given
    return {full(key, project["name"]): text(plain(value)) for key, value in merged.items()}


def value_of(entry: Any) -> Any:
    """The value of a key of Pulumi.yaml, which may be a schema."""
    return entry.get("value", entry.get("default")) if isinstance(entry, dict) else entry


def full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return "[secret]" if set(value) == {"secure"} else {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def plan(folder: Path, stack: str, others: dict[str, dict[str, Any]], settings: dict[str, str]) -> dict[str, Any]:
    """Runs the program of a folder and returns what it plans."""
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    monitor = Planner(others)
    tell_known_outputs(others)
    config.set_all_config(configuration(folder, project, stack) | settings)
    features = set(monitor.GetDeploymentInfo(None).supportedFeatures)
    told = {"monitor_features": features, "engine": MockEngine(None), "project": project["name"], "stack": stack}
    configure(MockSettings(monitor=monitor, dry_run=True, organization=ORGANIZATION, callbacks=None, **told))
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    asyncio.run(
        run_in_stack(lambda: runpy.run_path(str(folder / project.get("main", "__main__.py")), run_name="__main__"))
    )
    name = f"{ORGANIZATION}/{project['name']}/{stack}"
    return {"steps": [{"newState": state} for state in monitor.states], "stack": name, "outputs": monitor.outputs}


if __name__ == "__main__":
    folder, stack, source, target = sys.argv[1:]
    written = Path(target).resolve()  # the program runs in a folder of its own
    given = json.loads(Path(source).read_text(encoding="utf-8"))
    found = plan(Path(folder).resolve(), stack, given["outputs"], given["settings"])
    written.write_text(json.dumps(found), encoding="utf-8")
