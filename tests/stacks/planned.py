"""What a program would have the engine make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
        references: full names of the other stacks that were asked.
        secrets: texts that were generated or came as secrets from other stacks, and so must stand nowhere in clear.
    """

    def __init__(
        self, planned: list[Planned], outputs: dict[str, Any], secrets: set[str], references: list[str]
    ) -> None:
        super().__init__(planned)
        self.outputs = outputs
        self.secrets = secrets
        self.references = references

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
