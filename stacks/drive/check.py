"""The settings of all stacks that are meant, read as their programs will, before the first of them is run."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from pulumi.runtime import config as runtime_config
from pulumi.runtime.settings import Settings as Runtime
from pulumi.runtime.settings import configure

from stacks.drive.files import SettingsFile
from stacks.drive.order import Stack
from stacks.platform.errors import SettingsError
from stacks.platform.settings import load

HIDDEN = "(secret)"
"""Stands for a setting that is encrypted: only Pulumi can read it."""


def problems(environment: str, found: Mapping[Stack, SettingsFile]) -> Iterator[str]:
    """What is wrong with the settings, file by file."""
    for stack, file in found.items():
        model = getattr(import_module(f"stacks.{stack.name}.settings"), f"{stack.name.title()}Settings")
        try:
            contextvars.Context().run(_load, stack, environment, file, model)
        except SettingsError as error:
            yield str(error)


def _load(stack: Stack, environment: str, file: SettingsFile, model: Any) -> None:
    configure(Runtime(project=stack.project, stack=environment))
    set_config(stack, file)
    load(model)


def set_config(stack: Stack, file: SettingsFile) -> None:
    """Hand a file's settings to Pulumi's runtime in this process, as the engine would; secrets stay hidden."""
    keys = {f"{stack.project}:{name}": value for name, value in file.values.items()}
    secrets = [key for key, value in keys.items() if isinstance(value, dict) and value.keys() == {"secure"}]
    texts = {key: value if isinstance(value, str) else json.dumps(value, default=str) for key, value in keys.items()}
    runtime_config.set_all_config({**texts, **dict.fromkeys(secrets, HIDDEN)}, secrets)
