"""The settings of a stack: the one place that reads a project's Pulumi configuration."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar, get_args

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo

from stacks.platform.errors import SettingsError
from stacks.platform.kinds import Label as Label  # projects take it from here, too
from stacks.platform.kinds import Region

Environment = Literal["dev", "staging", "prod"]
Cloud = Literal["kubernetes", "aws"]
Value = TypeVar("Value")


class Block(BaseModel):
    """A group of settings. A key that is none is refused, as it is most likely misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def needed_in(cloud: Cloud) -> AfterValidator:
    """Marks a setting that one cloud needs and the other has no use for; its default must be None."""

    def check(value: Value, info: ValidationInfo) -> Value:
        if value is None and info.data.get("cloud") == cloud:
            raise ValueError(f"needed because cloud is {cloud}")
        return _of_use(cloud, value, info)

    return AfterValidator(check)


def allowed_in(cloud: Cloud) -> AfterValidator:
    """Marks a setting that one cloud may be given and the other has no use for; its default must be None."""
    return AfterValidator(lambda value, info: _of_use(cloud, value, info))


def _of_use(cloud: Cloud, value: Value, info: ValidationInfo) -> Value:
    """Refuses a setting that would do nothing. ``cloud`` stands before it in the model, so it was validated before."""
    chosen = info.data.get("cloud", cloud)
    if value is not None and chosen != cloud:
        raise ValueError(f"does nothing because cloud is {chosen}; remove it")
    return value


class AwsSettings(Block):
    """Where in AWS a stack lives."""

    region: Region = Field(description="AWS region, such as eu-central-1")
    account: str = Field(
        pattern=r"^\d{12}$", description="the twelve digits of the only AWS account in which anything may be planned"
    )


class StackSettings(Block):
    """What every project is told. Each project adds its own in a subclass."""

    environment: Environment = Field(description="the name of the stack")
    cloud: Cloud = Field(description="aws, or kubernetes for a cluster that is there already")
    organization: str = Field(
        default="organization",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="the Pulumi organization of the stacks; `organization` for states in files or S3",
    )
    owner: Label = Field(description="the team that answers for it")
    cost_centre: Label = Field(description="who pays for it")
    aws: Annotated[AwsSettings | None, needed_in("aws")] = Field(default=None, description="region and account")

    @property
    def prod(self) -> bool:
        """Whether users depend on it."""
        return self.environment == "prod"

    @property
    def dev(self) -> bool:
        """Whether it may be lost at any time."""
        return self.environment == "dev"

    @property
    def in_aws(self) -> AwsSettings:
        """Where in AWS. Only to be asked for where ``cloud`` is aws, which validation then guarantees."""
        assert self.aws is not None
        return self.aws


Settings = TypeVar("Settings", bound=StackSettings)


def load(model: type[Settings]) -> Settings:
    """Read the configuration of the project that runs. The environment is the name of its stack.

    Raises:
        SettingsError: naming every wrong, missing and unknown key at once, the file and what would do.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    config = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(f"{project}:"): value for key, value in config.items() if key.startswith(f"{project}:")}
    wrong = [*_strangers(config, project), *_misplaced_secrets(model, own, project)]
    if "environment" in own:
        wrong.append("environment: the name of the stack says it; remove it")
    try:
        settings = model.model_validate({**{key: _parsed(value) for key, value in own.items()}, "environment": stack})
    except ValidationError as error:
        wrong += [_told(model, problem, stack) for problem in error.errors(include_input=False, include_url=False)]
    if wrong:
        raise SettingsError("\n  ".join([f"Pulumi.{stack}.yaml of {project} does not do:", *wrong]))
    return settings


def _parsed(value: Any) -> Any:
    """Pulumi gives objects and lists as JSON, everything else as it is written."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _strangers(config: dict[str, Any], project: str) -> Iterator[str]:
    """Keys of others, such as aws:region: providers are made from our own settings, so these would do nothing."""
    for key in sorted(config):
        if not key.startswith((f"{project}:", "pulumi:")):
            yield f"{key}: does nothing here; remove it (our own keys start with {project}:)"


def _misplaced_secrets(model: type[BaseModel], own: dict[str, Any], project: str) -> Iterator[str]:
    """Secrets that are stored in clear, and other settings that are stored as secrets, which they would not stay."""
    for name in own:
        if field := model.model_fields.get(name):
            meant = SecretStr in (field.annotation, *get_args(field.annotation))
            if meant and not is_config_secret(f"{project}:{name}"):
                yield f"{name}: a secret stored in clear; replace it, then: pulumi config set --secret {name}"
            if not meant and is_config_secret(f"{project}:{name}"):
                yield f"{name}: no secret, and would not stay one; set it without --secret"


def _told(model: type[BaseModel], problem: Any, stack: str) -> str:
    """One line for one problem that pydantic found."""
    path = [part for part in problem["loc"] if not (isinstance(part, str) and part.startswith("function-"))]
    key = ".".join(map(str, path)) or "all in all"
    if path == ["environment"]:
        return f"the stack is named {stack!r}; an environment is one of {', '.join(get_args(Environment))}"
    if problem["type"] == "missing":
        return f"{key}: missing{_meaning(model, path)}"
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(path[-1]), _known(model, path[:-1]), 1)
        return f"{key}: there is no such setting" + (f"; did you mean {close[0]}?" if close else "")
    text = problem["msg"].removeprefix("Value error, ")
    return f"{key}: {text}{_meaning(model, path)}"


def _meaning(model: type[BaseModel], path: list[Any]) -> str:
    """What the setting is for, in brackets."""
    block = _block(model, path[:-1])
    field = block.model_fields.get(str(path[-1])) if block and path else None
    return f" ({field.description})" if field and field.description else ""


def _known(model: type[BaseModel], path: list[Any]) -> list[str]:
    """The settings of the block at a path."""
    block = _block(model, path)
    return [name for name in block.model_fields if name != "environment"] if block else []


def _block(model: type[BaseModel], path: list[Any]) -> type[BaseModel] | None:
    """The block at a path; keys of mappings and indices of lists are stepped over."""
    block: type[BaseModel] | None = model
    for part in path:
        field = block.model_fields.get(str(part)) if block else None
        if field:
            block = next(_models(field.annotation), None)
    return block


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
