"""The settings files, ``Pulumi.<environment>.yaml``, as they are written. Pulumi itself gives them to the programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stacks.drive.errors import CannotRun
from stacks.drive.order import Stack


@dataclass(frozen=True)
class SettingsFile:
    """What one stack is told in one environment.

    Attributes:
        path: the file.
        values: by name, without the project's; a secret is a mapping with the one key ``secure``.
        secrets_provider: what encrypts its secrets; empty for a passphrase.
    """

    path: Path
    values: dict[str, Any]
    secrets_provider: str

    def text(self, name: str) -> str:
        """A setting as text; empty if it is not there."""
        return str(self.values.get(name, ""))


def environments(stack: Stack) -> list[str]:
    """The environments for which a stack has settings."""
    return sorted(path.name.split(".")[1] for path in stack.folder.glob("Pulumi.*.yaml"))


def read(stack: Stack, environment: str) -> SettingsFile:
    """The settings of a stack in an environment.

    Raises:
        CannotRun: there is no such file, or it is no YAML.
    """
    path = stack.folder / f"Pulumi.{environment}.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        there = ", ".join(environments(stack))
        raise CannotRun([f"{_short(path)} is missing; {stack.name} has settings for: {there}"]) from None
    except yaml.YAMLError as error:
        raise CannotRun([f"{_short(path)}: {' '.join(str(error).split())}"]) from error
    values = {key.removeprefix(f"{stack.project}:"): value for key, value in (found.get("config") or {}).items()}
    return SettingsFile(path, values, found.get("secretsprovider", ""))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Each value as text under its name: mappings by dotted names, secrets as ``(secret)``."""
    lines: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value.keys() == {"secure"}:
            lines[f"{prefix}{name}"] = "(secret)"
        elif isinstance(value, dict) and value:
            lines |= flat(value, f"{prefix}{name}.")
        else:
            lines[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return lines


def _short(path: Path) -> str:
    return f"stacks/{path.parent.name}/{path.name}"
