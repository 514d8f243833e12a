"""The one tree of errors of the stacks."""

from __future__ import annotations

import pulumi


class StacksError(pulumi.RunError):
    """Root of the tree. Pulumi prints the message of such an error alone, without the program's stack trace."""


class SettingsError(StacksError):
    """The settings of a stack do not describe one that may be planned."""


class MissingOutput(StacksError):
    """Another stack does not give what this one needs of it."""
