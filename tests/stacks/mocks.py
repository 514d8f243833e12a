"""Plans a project without an engine: runs its program against a monitor that keeps what the program registers.

plan(program, "airworthy-cluster", "dev", configuration("cluster", "dev"), {"airworthy-cluster": {…}})
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.resource import ResourceOptions, ResourceTransformArgs
from pulumi.runtime import config as runtime_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

ENVIRONMENTS = ("dev", "staging", "prod")
STACKS = Path(__file__).parents[2] / "stacks"
SIGNATURE = "4dabf18193072939515e22adb298388d"  # marks a special value on the wire
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # and this one says that it is a secret


@dataclass(frozen=True)
class Secret:
    """A secret value: in what is handed to a program as another stack's output, and in what a program exports."""

    value: Any


@dataclass(frozen=True)
class Planned:
    """A resource as the engine would be told of it.

    Attributes:
        type: its type token, such as ``kubernetes:core/v1:Namespace``.
        name: its name in the program.
        inputs: its properties, with their names on the wire, after the stack's transforms; secrets in clear.
        secrets: where secrets stand in the inputs, such as ``stringData.password``. Deepest marked place each.
        urn: its full name; ``parent`` and ``dependencies`` are such.
        custom: whether a provider manages it; False for components.
        provider: URN and id of its provider; empty for none or the default one.
        protect: whether Pulumi refuses to delete or replace it.
        retain: whether it is left in the cloud when the program no longer names it.
        aliases: names, types or URNs that it had before.
        secret_outputs: outputs that the state must encrypt.
        ignored: properties whose changes are ignored.
        outputs: what a component registered as its outputs; None if it did not.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    secrets: frozenset[str]
    urn: str
    custom: bool
    parent: str
    provider: str
    protect: bool
    retain: bool
    dependencies: frozenset[str]
    aliases: tuple[str, ...]
    secret_outputs: frozenset[str]
    ignored: tuple[str, ...]
    outputs: dict[str, Any] | None = None


class Plan(list[Planned]):
    """All resources in the order of their registration.

    Attributes:
        outputs: what the stack exports; secrets as :class:`Secret`.
        secrets: texts that were generated or came as secrets from other stacks, and so must stand nowhere in clear.
    """

    def __init__(self, planned: list[Planned], outputs: dict[str, Any], secrets: set[str]) -> None:
        super().__init__(planned)
        self.outputs = outputs
        self.secrets = secrets

    def of(self, type: str) -> list[Planned]:
        """All of a type; the end of its token will do, such as ``:Namespace``."""
        return [planned for planned in self if planned.type.endswith(type)]

    def one(self, type: str, name: str | None = None) -> Planned:
        """The only one of a type (and name, in the program or on the cluster)."""
        found = [planned for planned in self.of(type) if name in (None, planned.name, kubernetes_name(planned))]
        assert len(found) == 1, f"{len(found)} of {type} {name or ''}: {[planned.name for planned in self.of(type)]}"
        return found[0]


def kubernetes_name(planned: Planned) -> str | None:
    """The name of a Kubernetes object; None for anything else."""
    metadata = planned.inputs.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


@cache
def configuration(project: str, environment: str) -> Mapping[str, Any]:
    """What a project's settings file holds, with the full keys, such as ``airworthy-cluster:owner``."""
    return yaml.safe_load((STACKS / project / f"Pulumi.{environment}.yaml").read_text())["config"]


def plan(
    project_program: Callable[[], object],
    project: str,
    environment: str,
    config: Mapping[str, Any],
    outputs_of_other_stacks: Mapping[str, Mapping[str, Any]] | None = None,
    secret_keys: tuple[str, ...] = (),
) -> Plan:
    """Run a program and return what it would have the engine make.

    Args:
        project_program: the project's ``program``.
        project: its Pulumi name, such as ``airworthy-cluster``.
        environment: the name of the stack.
        config: by full keys; values as YAML would give them.
        outputs_of_other_stacks: by Pulumi project; a reference to any other fails.
        secret_keys: which of the config were set as secrets.
    """
    monitor = Monitor(outputs_of_other_stacks or {})

    def run() -> None:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        runtime_config.set_all_config(texts, list(secret_keys))
        configure(
            MockSettings(
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
                engine=MockEngine(None),
                project=project,
                stack=environment,
                dry_run=False,
                organization="organization",
                callbacks=None,
            )
        )
        asyncio.run(run_in_stack(lambda: project_program() and None))

    contextvars.Context().run(run)  # whatever a program leaves behind ends with this context
    return Plan(monitor.planned, monitor.exported, monitor.secrets)


class Monitor(MockMonitor):
    """Keeps all that a program says of each resource; the SDK's own keeps but type, name and inputs."""

    def __init__(self, others: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(Transforms())
        self.others = others
        self.by_urn: dict[str, Planned] = {}
        self.exported: dict[str, Any] = {}
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


def computed(type: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What a provider would add, as far as programs use it. Generated keys are real ones."""
    if type == "tls:index/privateKey:PrivateKey":
        assert inputs["algorithm"] == "ED25519", "the mocks make no other keys"
        key = Ed25519PrivateKey.from_private_bytes(digest(name))
        return {
            "privateKeyPem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "privateKeyPemPkcs8": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "publicKeyPem": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        }
    if type == "random:index/randomBytes:RandomBytes":
        data = (digest(name) * (int(inputs["length"]) // 32 + 1))[: int(inputs["length"])]
        return {"base64": base64.b64encode(data).decode(), "hex": data.hex()}
    if type.startswith("random:index/randomPassword"):
        return {"result": (digest(name).hex() * 8)[: int(inputs["length"])]}
    if type == "aws:eks/cluster:Cluster":
        return {
            **arn(type, name, inputs),
            "endpoint": f"https://{name}.example",
            "certificateAuthority": {"data": base64.b64encode(b"certificate").decode()},
            "certificateAuthorities": [{"data": base64.b64encode(b"certificate").decode()}],
            "identities": [{"oidcs": [{"issuer": f"https://oidc.example/{name}"}]}],
            "vpcConfig": {**inputs.get("vpcConfig", {}), "clusterSecurityGroupId": f"{name}-security-group"},
        }
    if type == "aws:ecr/repository:Repository":
        return {**arn(type, name, inputs), "repositoryUrl": f"registry.example/{inputs['name']}"}
    if type == "aws:rds/instance:Instance":
        password = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:rds!db-1"  # RDS makes it and keeps it
        return {
            **arn(type, name, inputs),
            "address": f"{name}.example",
            "masterUserSecrets": [{"secretArn": password}],
        }
    return arn(type, name, inputs) if type.startswith("aws:") else {}


def arn(type: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What nearly every AWS resource has."""
    section = type.split(":")[1].split("/")[0]
    return {"arn": f"arn:aws:{section}:eu-central-1:000000000000:{name}", "name": inputs.get("name", name)}


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


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
