"""Charts of others: where each is, at which version, and what all are told alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stacks.platform.names import PRODUCT

PRIORITY = f"{PRODUCT}-platform"
"""The priority class of what the services need in order to run."""

LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
"""The security context of a container that Pod Security ``restricted`` lets in, if its pod names a seccomp profile."""


@dataclass(frozen=True)
class Chart:
    """A chart of somebody else.

    Attributes:
        name: its name in its repository.
        repository: where it is.
        version: its exact version.
    """

    name: str
    repository: str
    version: str


def resources(cpu: str, memory: str) -> dict[str, Any]:
    """CPU is asked for and memory limited: whoever takes more memory is stopped, whoever takes more CPU waits."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
