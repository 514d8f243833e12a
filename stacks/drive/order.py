"""The stacks and their order: each may read the outputs of those before it, never of those after."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stacks.drive.errors import CannotRun
from stacks.platform import names


@dataclass(frozen=True)
class Stack:
    """One Pulumi project of ours.

    Attributes:
        name: what a user calls it; its folder has the same name.
        project: its name in Pulumi.
    """

    name: str
    project: str

    @property
    def folder(self) -> Path:
        """Where Pulumi.yaml is."""
        return Path(__file__).parents[1] / self.name


ORDER = (
    Stack("cluster", names.CLUSTER),
    Stack("secrets", names.SECRETS),
    Stack("registry", names.REGISTRY),
    Stack("observability", names.OBSERVABILITY),
)


def chosen(wanted: Sequence[str]) -> tuple[Stack, ...]:
    """The stacks of these names, all if there are none, in their order.

    Raises:
        CannotRun: a name is none of ours.
    """
    known = [stack.name for stack in ORDER]
    strangers = [name for name in wanted if name not in known]
    if strangers:
        close = difflib.get_close_matches(strangers[0], known, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        raise CannotRun([f"there is no stack {strangers[0]}; {hint}"])
    return tuple(stack for stack in ORDER if not wanted or stack.name in wanted)


def before(stack: Stack) -> tuple[Stack, ...]:
    """The stacks whose outputs it may read."""
    return ORDER[: ORDER.index(stack)]


def after(stack: Stack) -> tuple[Stack, ...]:
    """The stacks that may read its outputs."""
    return ORDER[ORDER.index(stack) + 1 :]
