"""What keeps the stacks from being run. The command prints these lines alone."""

from __future__ import annotations

from collections.abc import Sequence

from stacks.platform.errors import StacksError


class CannotRun(StacksError):
    """Something is missing or wrong before anything was begun.

    Attributes:
        lines: each says what, and what to install, set or type.
        code: the exit code of the command.
    """

    code = 2

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class Stopped(CannotRun):
    """Pulumi failed on a stack; what was done before stays done."""

    code = 1
