"""Resources: Kubernetes and AWS objects in one shape, wherever they were read, with the indexes that controls ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from readiness.facts.unread import Unread

CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "CSIDriver",
        "ClusterAnalysisTemplate",
        "ClusterExternalSecret",
        "ClusterIssuer",
        "ClusterPolicy",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterSecretStore",
        "CustomResourceDefinition",
        "GatewayClass",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingWebhookConfiguration",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One object that is, or is to be, deployed.

    Attributes:
        provider: ``kubernetes`` or ``aws``.
        kind: ``Deployment``; of AWS the type token of Pulumi, ``aws:s3/bucket:Bucket``.
        api_version: ``apps/v1``; empty for AWS.
        namespace: ``default`` when a namespaced object names none, as kubectl would have it; empty for others.
        name: its name; ``(unknown)`` before it is known.
        body: the whole object; of AWS the inputs. Reading an unknown value of it raises ``UnknownValue``.
        file, line: where it was read; line 0 when it came from no file.
        protected: Pulumi refuses to delete it; None when that cannot be seen, as in YAML.
        urn: Pulumi's full name for it; empty for what Pulumi does not plan.
        links: of each input that comes from other resources, their URNs: they say what an unknown value belongs to.
    """

    provider: str
    kind: str
    api_version: str
    namespace: str
    name: str
    body: dict[str, Any]
    file: str
    line: int = 0
    protected: bool | None = None
    urn: str = ""
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """``Kind/namespace/name``, with ``-`` where there is no namespace."""
        return f"{self.kind}/{self.namespace or '-'}/{self.name}"

    @property
    def group(self) -> str:
        """The API group: ``apps``, ``argoproj.io``; empty for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def spec(self) -> dict[str, Any]:
        """The ``spec`` of a Kubernetes object, the inputs of an AWS one."""
        return fields(self.body, "spec") if self.provider == "kubernetes" else self.body

    @property
    def labels(self) -> dict[str, Any]:
        return fields(self.body, "metadata", "labels")

    @property
    def annotations(self) -> dict[str, Any]:
        return fields(self.body, "metadata", "annotations")


@dataclass(frozen=True)
class Part:
    """Something that a resource holds, or is read as: a finding about it names that resource.

    Attributes:
        resource: where it stands.
    """

    resource: Resource

    @property
    def label(self) -> str:
        """The resource's."""
        return self.resource.label

    @property
    def file(self) -> str:
        """Where the resource was read."""
        return self.resource.file

    @property
    def line(self) -> int:
        """Where it stands there."""
        return self.resource.line


@dataclass(frozen=True)
class Resources:
    """All resources of a run, in order of reading.

    Attributes:
        unread: what could not be read of them.
        notes: what a reader of the report has to know of them.
    """

    all: tuple[Resource, ...] = ()
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = field(default=())
    label = "Manifests/-/all"
    file = ""
    line = 0

    @cached_property
    def by_kind(self) -> dict[str, list[Resource]]:
        index: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.all:
            index[resource.kind].append(resource)
        return dict(index)

    def of(self, *kinds: str, group: str | None = None) -> Iterator[Resource]:
        """The resources of these kinds, of one API group when it is named."""
        for kind in kinds:
            for resource in self.by_kind.get(kind, ()):
                if group is None or resource.group == group:
                    yield resource

    @cached_property
    def by_name(self) -> dict[tuple[str, str, str], Resource]:
        return {(one.kind, one.namespace, one.name): one for one in self.all}

    def find(self, kind: str, namespace: str, name: str) -> Resource | None:
        return self.by_name.get((kind, namespace, name))


class WrongShape(Exception):
    """A value is not of the type that its kind demands; the API server would refuse it."""


def fields(holder: Any, *path: str) -> dict[str, Any]:
    """The mapping at the end of a path; an empty one where there is none.

    Raises:
        WrongShape: something else stands there.
        UnknownValue: it is not known.
    """
    value = follow(holder, path)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WrongShape(f"{'.'.join(path)} is {describe(value)}, where a mapping must stand")
    return value


def items(holder: Any, *path: str) -> list[Any]:
    """The list at the end of a path; an empty one where there is none. Raises as ``fields`` does."""
    value = follow(holder, path)
    if value is None:
        return []
    if not isinstance(value, list):
        raise WrongShape(f"{'.'.join(path)} is {describe(value)}, where a list must stand")
    return value


def mappings(holder: Any, *path: str) -> list[dict[str, Any]]:
    """The list at the end of a path, of which each entry is a mapping. Raises as ``fields`` does."""
    entries = items(holder, *path)
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise WrongShape(f"{'.'.join(path)}[{place}] is {describe(entry)}, where a mapping must stand")
    return entries


def follow(holder: Any, path: Iterable[str]) -> Any:
    """What stands at the end of a path, or None."""
    for key in path:
        if holder is None:
            return None
        if not isinstance(holder, dict):
            raise WrongShape(f"what holds {key!r} is {describe(holder)}, where a mapping must stand")
        holder = holder.get(key)
    return holder


def describe(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "nothing")


def line_of(value: Any) -> int:
    """The line on which a mapping begins, 0 if it came from no file."""
    return getattr(value, "line", 0)
