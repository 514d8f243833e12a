"""Reads the configuration of the stack, in this one place."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import BaseModel, ValidationError

from deploy.errors import SettingsError
from deploy.settings import Environment, Settings


def load() -> Settings:
    """Read the configuration of the stack that is planned. The environment is the stack's name.

    Raises:
        SettingsError: naming every wrong, missing and unknown key at once, the file, and what would do.
    """
    return parse({**get_config_env(), **CONFIG.get()}, pulumi.get_project(), pulumi.get_stack())


def parse(config: Mapping[str, Any], project: str, stack: str) -> Settings:
    """Make settings of a configuration as Pulumi keeps it: each key after the project's name, lists and maps as JSON.

    Raises:
        SettingsError: as :func:`load`.
    """
    own = {key.removeprefix(f"{project}:"): _value(value) for key, value in config.items()}
    wrong = [
        f"{key}: does nothing here; remove it (our own keys start with {project}:)"
        for key in sorted(config)
        if not key.startswith((f"{project}:", "pulumi:"))
    ]
    own = {key: value for key, value in own.items() if ":" not in key}
    if own.pop("environment", None) is not None:
        wrong.append("environment: the name of the stack says it; remove it")
    try:
        settings = Settings.model_validate({**own, "environment": stack})
    except ValidationError as error:
        wrong += [line for problem in error.errors(include_url=False) for line in _told(problem, stack)]
    if wrong:
        raise SettingsError("\n  ".join([f"deploy/Pulumi.{stack}.yaml will not do:", *wrong]))
    return settings


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _told(problem: Any, stack: str) -> Iterator[str]:
    """Lines for one problem that pydantic found."""
    path = [part for part in problem["loc"] if part not in ("rolling", "canary", "blue-green", "root")]
    key = ".".join(map(str, path))
    if path == ["environment"]:
        yield f"the stack is named {stack!r}; an environment is one of {', '.join(get_args(Environment))}"
    elif problem["type"] == "missing":
        yield f"{key}: missing{_meaning(path)}"
    elif problem["type"] == "extra_forbidden":
        block = _block(path[:-1])
        close = difflib.get_close_matches(str(path[-1]), block.model_fields if block else [], 1)
        yield f"{key}: there is no such setting" + (f"; did you mean {close[0]}?" if close else "")
    else:
        yield f"{key}: {problem['msg'].removeprefix('Value error, ')}{_meaning(path)}"


def _meaning(path: list[Any]) -> str:
    """What the setting is for, in brackets."""
    block = _block(path[:-1])
    field = block.model_fields.get(str(path[-1])) if block and path else None
    return f" ({field.description})" if field and field.description else ""


def _block(path: list[Any]) -> type[BaseModel] | None:
    """The block of settings at a path; nothing where several may stand."""
    block: type[BaseModel] | None = Settings
    for part in path:
        field = block.model_fields.get(str(part)) if block else None
        kinds = [field.annotation, *get_args(field.annotation)] if field else []
        found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        block = found[0] if len(found) == 1 else None
    return block
