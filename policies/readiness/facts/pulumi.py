"""Makes resources of what Pulumi plans: the JSON of ``pulumi preview --json`` or of ``pulumi stack export``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from readiness.facts.kubernetes import is_object, resource, text_of
from readiness.facts.resources import Resource
from readiness.facts.unknown import UNKNOWN, Fields, guard
from readiness.facts.unread import Unread

UNKNOWN_ON_THE_WIRE = frozenset(  # of text, true or false, numbers, lists, mappings, assets and archives
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
    }
)
SIGNATURE = "4dabf18193072939515e22adb298388d"  # marks a wrapped value, such as a secret
HELM = "kubernetes:helm.sh/"
SECRET_SHOWN = "[secret]"
GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced"})


def is_plan(document: Any) -> bool:
    """It is a preview or an export."""
    return isinstance(document, dict) and (isinstance(document.get("steps"), list) or "deployment" in document)


def read_plan(document: Mapping[str, Any], file: str) -> Iterator[Resource | Unread]:
    """The resources that will be there after the plan was carried out."""
    steps = document.get("steps")
    if isinstance(steps, list):
        states = [step.get("newState") for step in steps if isinstance(step, dict) and step.get("op") not in GONE]
    else:
        deployment = document.get("deployment")
        states = deployment.get("resources") or [] if isinstance(deployment, dict) else []
    for state in states:
        if isinstance(state, dict) and isinstance(state.get("type"), str):
            found = planned(state["type"], name_of(state), state.get("inputs"), bool(state.get("protect")), file)
            if isinstance(found, Resource):
                yield replace(found, urn=str(state.get("urn", "")), links=links_of(state))
            elif found is not None:
                yield found


def name_of(state: Mapping[str, Any]) -> str:
    """The name that the program gave: the last part of the URN."""
    return str(state.get("urn", "")).rpartition("::")[2] or "(no name)"


def links_of(state: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """For each input that comes from other resources: their URNs."""
    found = state.get("propertyDependencies")
    if not isinstance(found, dict):
        return {}
    return {name: tuple(map(str, urns)) for name, urns in found.items() if isinstance(urns, list)}


def planned(type: str, name: str, inputs: Any, protected: bool, file: str) -> Resource | Unread | None:
    """A resource of its type token and inputs; None for what is no resource of a provider that the gate knows."""
    if inputs is not None and not isinstance(inputs, dict):
        return Unread(file, 0, f"the inputs of {type} {name} are no mapping", "write the preview anew")
    provider = type.partition(":")[0]
    body = guard(decode(inputs or {}))
    if provider == "kubernetes" and is_object(body):
        made = resource(body, file)
        return made if isinstance(made, Unread) else replace(made, protected=protected)
    if type.startswith(HELM):
        namespace, chart = text_of(dict.get(body, "namespace"), "default"), text_of(dict.get(body, "name"), name)
        return Resource(provider, type.rpartition(":")[2], "helm.sh/v3", namespace, chart, body, file, 0, protected)
    if provider in ("aws", "awsx", "eks"):
        return Resource("aws", type, "", "", name, body, file, 0, protected)
    return None


def decode(value: Any) -> Any:
    """A value as it was in the program: unknown and secret ones are not known, whole numbers are whole."""
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWN_ON_THE_WIRE or value == SECRET_SHOWN else value
    if isinstance(value, dict):
        if SIGNATURE in value:
            return UNKNOWN
        return Fields({key: decode(entry) for key, entry in value.items() if not key.startswith("__")})
    if isinstance(value, list):
        return [decode(entry) for entry in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
