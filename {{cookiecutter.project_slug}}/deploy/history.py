"""Which release was there before: read from what Pulumi keeps of each update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.errors import DeployError

Config = Mapping[str, Any]
"""Settings as Pulumi tells them: by full keys, each with its ``value``."""


class NothingBefore(DeployError):
    """There is no earlier release to go back to."""


def before(history: Sequence[Mapping[str, Any]]) -> Config:
    """The settings of the last release that differs from the newest one.

    Args:
        history: updates, newest first, as ``pulumi stack history --json`` tells them.

    Raises:
        NothingBefore: there is none.
    """
    releases: list[Config] = [update["config"] for update in history if _released(update)]
    present = next((update["config"] for update in history if update["kind"] == "update"), None)
    found = next((config for config in releases if config != present), None)
    if present is None or found is None:
        raise NothingBefore("there is no earlier release to go back to: nothing else was ever deployed here")
    return found


def _released(update: Mapping[str, Any]) -> bool:
    return bool(update["kind"] == "update" and update["result"] == "succeeded")
