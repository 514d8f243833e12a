"""All that the environment says to the service, read in this one place."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import SettingsError

PREFIX = "SERVICE_"


class Settings(BaseSettings):
    """Settings of the running service; each is an environment variable of its name in capitals after ``SERVICE_``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    environment: Literal["local", "dev", "staging", "prod"] = Field(
        default="prod", description="Where it runs. `local` makes itself an API key and accepts self-approved models."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    bundle: Path = Field(
        default=Path("models/current"), description="Folder with the approved bundle, as `pull` left it."
    )
    approvers: Path = Field(default=Path("approvers.toml"), description="Public keys of those who may approve a model.")
    api_keys: Path = Field(
        default=Path("api-keys.json"), description="Hashes of the API keys; see `python -m service keys`."
    )
    local_key: Path = Field(
        default=Path(".local/api-key"), description="Where local mode keeps the API key that it makes."
    )
    pages: Literal["open", "key"] = Field(
        default="key", description="Whether `/` and `/docs` ask for an API key; `open` by default in local mode."
    )
    reload_seconds: float = Field(
        default=2.0, gt=0, description="How often to look for a newly pulled bundle, in seconds."
    )
    max_body_bytes: int = Field(default=10_000_000, gt=0, description="Largest request body, in bytes.")
    max_rows: int = Field(default=10_000, gt=0, description="Most rows in one request.")
    grace_seconds: int = Field(
        default=20, ge=0, description="Time for requests in flight when told to stop, in seconds."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )

    @property
    def local(self) -> bool:
        """Whether this is somebody's own machine."""
        return self.environment == "local"

    @model_validator(mode="after")
    def _open_pages_locally(self) -> Self:
        if self.local and "pages" not in self.model_fields_set:
            object.__setattr__(self, "pages", "open")
        return self


def table() -> str:
    """All settings as a Markdown table, for the README."""
    lines = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{PREFIX}{name.upper()}` | `{field.default}` | {field.description} |")
    return "\n".join(lines)


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: naming every variable that is wrong, and what would do.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{PREFIX}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(wrong)) from error
