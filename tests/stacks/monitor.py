"""Takes the place of the engine's monitor: keeps all that a program says of each resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from computed import computed
from google.protobuf import empty_pb2, json_format, struct_pb2
from planned import Planned, Secret
from pulumi.resource import ResourceOptions, ResourceTransformArgs
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.proto import resource_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"  # marks a special value on the wire
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # and this one says that it is a secret


class Monitor(MockMonitor):
    """Keeps all that a program says of each resource; the SDK's own keeps but type, name and inputs."""

    def __init__(self, others: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(Transforms())
        self.others = others
        self.by_urn: dict[str, Planned] = {}
        self.exported: dict[str, Any] = {}
        self.references: list[str] = []
        given = (value.value for outputs in others.values() for value in outputs.values() if isinstance(value, Secret))
        self.secrets = {value for value in given if isinstance(value, str)}

    @property
    def planned(self) -> list[Planned]:
        return list(self.by_urn.values())

    def RegisterResource(self, request):
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        assert urn not in self.by_urn, f"two resources have one URN: {urn}"
        inputs, secrets = read(self._transformed(request))
        self.by_urn[urn] = Planned(
            type=request.type,
            name=request.name,
            inputs=inputs,
            secrets=secrets,
            urn=urn,
            custom=request.custom,
            parent=request.parent,
            provider=request.provider or request.providers.get(request.type.split(":")[0], ""),
            protect=request.protect,
            retain=request.retainOnDelete,
            dependencies=frozenset(request.dependencies),
            aliases=tuple(alias.urn or alias.spec.name or alias.spec.type for alias in request.aliases),
            secret_outputs=frozenset(request.additionalSecretOutputs),
            ignored=tuple(request.ignoreChanges),
        )
        state = {**inputs, **computed(request.type, request.name, inputs)} if request.custom else {}
        hidden = {place.split(".")[0] for place in secrets} | set(request.additionalSecretOutputs)
        wire = {name: wrap(value) if name in hidden else value for name, value in state.items()}
        made = (state.get(name) for name in request.additionalSecretOutputs)
        self.secrets |= {value for value in made if isinstance(value, str) and len(value) >= 16}
        id = f"{request.name}-id" if request.custom else None
        self.resources[urn] = MockMonitor.ResourceRegistration(urn, id, state)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=struct(wire))

    def RegisterResourceOutputs(self, request):
        outputs, secrets = read(json_format.MessageToDict(request.outputs))
        if request.urn in self.by_urn:
            planned = self.by_urn[request.urn]
            self.by_urn[request.urn] = Planned(**{**planned.__dict__, "outputs": outputs})
        else:  # the stack itself
            hidden = {place.split(".")[0] for place in secrets}
            self.exported = {name: Secret(value) if name in hidden else value for name, value in outputs.items()}
        return empty_pb2.Empty()

    def ReadResource(self, request):
        assert request.type == "pulumi:pulumi:StackReference", f"reads {request.type}, which needs a live cloud"
        self.references.append(request.id)
        _, project, _ = request.id.split("/")
        assert project in self.others, f"refers to {request.id}, whose outputs the test does not give"
        outputs = self.others[project]
        plain = {k: wrap(v.value) if isinstance(v, Secret) else v for k, v in outputs.items() if v is not None}
        hidden = [name for name, value in outputs.items() if isinstance(value, Secret)]
        state = {"name": request.id, "outputs": plain, "secretOutputNames": hidden}
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=struct(state))

    def _transformed(self, request) -> dict[str, Any]:
        """The inputs after the stack's transforms, which the engine would call in the same way."""
        props = json_format.MessageToDict(request.object)
        for transform in self.get_registered_transforms():
            result = transform(
                ResourceTransformArgs(request.custom, request.type, request.name, props, ResourceOptions())
            )
            props = result.props if result else props
        return props


class Transforms(Mocks):
    """The SDK's monitor wants these two; ours answers by itself."""

    def call(self, args):
        raise AssertionError(f"calls {args.token}, which needs a live cloud; take the value from the settings")

    def new_resource(self, args):
        raise AssertionError("not called")


def wrap(value: Any) -> dict[str, Any]:
    """A secret on the wire."""
    return {SIGNATURE: SECRET, "value": value}


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict({k: v for k, v in values.items() if v is not None}, struct_pb2.Struct())


def read(wire: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Values without the marks of the wire, whole numbers as integers, and where secrets stand in them."""
    secrets: set[str] = set()

    def plain(value: Any, place: str) -> Any:
        if isinstance(value, dict):
            if value.get(SIGNATURE) == SECRET:
                secrets.add(place)
                return plain(value.get("value"), place)
            return {key: plain(held, f"{place}.{key}" if place else key) for key, held in value.items()}
        if isinstance(value, list):
            return [plain(held, f"{place}.{index}") for index, held in enumerate(value)]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return plain(wire, ""), frozenset(secrets)
