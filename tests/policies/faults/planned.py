"""Faults in planned resources: a value, an entry or a resource more, less or other than it was."""

import copy
from dataclasses import dataclass
from typing import Any

from faults.fault import Change, Draft


@dataclass(frozen=True)
class Planned:
    """A planned resource, by the end of its type token and the name that the program gave it."""

    kind: str
    name: str

    def state(self, draft: Draft) -> dict:
        """Its state, copied so that only this draft has it changed."""
        found = [place for place, state in enumerate(draft.states) if self.is_of(state)]
        assert len(found) == 1, f"{len(found)} resources are {self.kind} {self.name}"
        draft.states[found[0]] = copy.deepcopy(draft.states[found[0]])
        return draft.states[found[0]]

    def is_of(self, state: dict) -> bool:
        return state["type"].rpartition(":")[2] == self.kind and state["urn"].rpartition("::")[2] == self.name

    def holder(self, draft: Draft, path: str) -> tuple[Any, Any]:
        """What holds the end of a path such as ``spec.replicas``, and that end; mappings on the way are made."""
        *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        found = self.state(draft)["inputs"]
        for key in way:
            found = found[key] if isinstance(key, int) else found.setdefault(key, {})
        return found, last

    def put(self, path: str, value: object) -> Change:
        """Sets what stands at a path, which must have been something else."""

        def change(draft: Draft) -> None:
            holder, last = self.holder(draft, path)
            before = holder.get(last) if isinstance(holder, dict) else holder[last]
            assert before != value, f"{path} of {self.name} is {value!r} already"
            holder[last] = value

        return change

    def drop(self, path: str) -> Change:
        """Takes away what stands at a path."""

        def change(draft: Draft) -> None:
            holder, last = self.holder(draft, path)
            del holder[last]

        return change

    def add(self, path: str, value: object) -> Change:
        """Appends to the list at a path."""

        def change(draft: Draft) -> None:
            holder, last = self.holder(draft, path)
            holder[last].append(value)

        return change

    def unprotected(self) -> Change:
        """Pulumi may delete it."""

        def change(draft: Draft) -> None:
            state = self.state(draft)
            assert state["protect"]
            state["protect"] = False

        return change

    def removed(self) -> Change:
        """It is no longer planned."""

        def change(draft: Draft) -> None:
            draft.states.remove(self.state(draft))

        return change


def added(type: str, name: str, inputs: dict) -> Change:
    """One more resource in the plan."""
    state = {"type": type, "urn": f"urn:pulumi:prod::added::{type}::{name}", "inputs": inputs, "protect": False}
    return lambda draft: draft.states.append(state)


def kubernetes(version: str, kind: str, name: str, namespace: str, **fields: object) -> Change:
    """One more Kubernetes object in the plan."""
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    made = {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}
    return added(f"kubernetes:{version}:{kind}", name, made)
