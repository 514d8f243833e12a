"""All that the environment says to training, read in this one place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from training.errors import ParamsError

PREFIX = "TRAINING_"

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DVC_NO_ANALYTICS": "true",
    "ORT_DISABLE_TELEMETRY": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""Set for the libraries before they are imported: nothing phones home, and a dead server is noticed within a minute."""


class Settings(BaseSettings):
    """Settings of the training commands: environment variables of these names in capitals, after ``TRAINING_``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True)

    environment: Literal["local", "dev", "staging", "prod"] = Field(
        default="prod", description="Where it runs. Only `local` lets people approve what they trained themselves."
    )
    user: str = Field(default="", description="E-mail of whoever runs the command; git's `user.email` when not set.")
    tracking_uri: str = Field(
        default="",
        validation_alias="MLFLOW_TRACKING_URI",
        description="MLflow server; a local SQLite file when not set.",
    )
    approvers: Path = Field(default=Path("approvers.toml"), description="Public keys of those who may approve a model.")
    key: Path = Field(
        default=Path(".local/approver.pem"), description="The approver's private key, as `keygen` made it."
    )
    models: Path = Field(default=Path("models"), description="Where `pull` puts approved bundles.")

    @property
    def local(self) -> bool:
        """Whether this is somebody's own machine."""
        return self.environment == "local"


def load() -> Settings:
    """Read the environment, and silence the libraries' telemetry.

    Raises:
        ParamsError: naming every variable that is wrong.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise ParamsError(f"wrong settings: {wrong}", "correct or unset these environment variables") from error
