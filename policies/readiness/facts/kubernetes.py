"""Makes resources of YAML: files, folders and streams of Kubernetes objects, as people and tools write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from readiness.facts.resources import CLUSTER_WIDE, Resource
from readiness.facts.unknown import UNKNOWN, Fields, guard
from readiness.facts.unread import Unread
from readiness.facts.yaml_stream import documents

HOLE = re.compile(r"\{\{.*?\}\}|\$\{[^}]*\}", re.DOTALL)
# Where {{ }} and ${ } belong to the object itself: they are filled in by Prometheus, Argo, a shell or a dashboard.
OWN_TEMPLATES = frozenset({"PrometheusRule", "AnalysisTemplate", "ClusterAnalysisTemplate", "ConfigMap", "Workflow"})
OWN_FIELDS = frozenset({"annotations", "args", "command", "script", "expr", "query"})


def read_text(text: str, file: str) -> Iterator[Resource | Unread]:
    """The Kubernetes objects of a stream; other documents, such as a compose file, give nothing."""
    templated = "{{" in text or "${" in text
    for document in documents(text, file):
        if isinstance(document, Unread):
            yield document
        else:
            yield from objects(document, file, templated)


def objects(document: Any, file: str, templated: bool) -> Iterator[Resource | Unread]:
    """The objects of one document: one, or the items of a List."""
    if not is_object(document):
        return
    if document["kind"] == "List" or (document["kind"].endswith("List") and isinstance(document.get("items"), list)):
        entries = document.get("items")
        for entry in entries if isinstance(entries, list) else []:
            yield from objects(entry, file, templated)
        return
    yield resource(document, file, templated)


def is_object(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("apiVersion"), str)
        and isinstance(document.get("kind"), str)
        and bool(document["kind"])
    )


def resource(body: dict[str, Any], file: str, templated: bool = False) -> Resource | Unread:
    kind, line = body["kind"], getattr(body, "line", 0)
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        return Unread(file, line, f"metadata of this {kind} is no mapping", "write metadata as a mapping with a name")
    if templated and kind not in OWN_TEMPLATES:
        body = guard(fill_holes(body))
    metadata = dict.get(body, "metadata") or {}
    namespace = "" if kind in CLUSTER_WIDE else text_of(dict.get(metadata, "namespace"), "default")
    name = text_of(dict.get(metadata, "name"), text_of(dict.get(metadata, "generateName"), "(no name)"))
    return Resource("kubernetes", kind, body["apiVersion"], namespace, name, body, file, line)


def text_of(value: Any, default: str) -> str:
    if value is UNKNOWN:
        return "(unknown)"
    return default if value is None or value == "" else str(value)


def fill_holes(value: Any) -> Any:
    """The same value with ``UNKNOWN`` for every text that a templating tool has yet to fill in."""
    if isinstance(value, str):
        return UNKNOWN if HOLE.search(value) else value
    if isinstance(value, dict):
        line = getattr(value, "line", 0)
        return Fields({key: entry if key in OWN_FIELDS else fill_holes(entry) for key, entry in value.items()}, line)
    if isinstance(value, list):
        return [fill_holes(entry) for entry in value]
    return value


def gather(found: Iterable[Resource | Unread]) -> tuple[tuple[Resource, ...], tuple[Unread, ...]]:
    """Parts resources from what could not be read."""
    resources: list[Resource] = []
    unread: list[Unread] = []
    for one in found:
        if isinstance(one, Unread):
            unread.append(one)
        else:
            resources.append(one)
    return tuple(resources), tuple(unread)
