"""The one tree of errors of the deployment."""

from __future__ import annotations

import pulumi


class DeployError(pulumi.RunError):
    """Root of the tree. Pulumi prints the message of such an error alone, without the program's stack trace."""


class SettingsError(DeployError):
    """The settings do not describe a release that may be planned."""


class PlatformError(DeployError):
    """The platform does not give what a release needs of it."""
