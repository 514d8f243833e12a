"""The model registry: the only module that knows MLflow.

Runs, versions and their approvals live on a tracking server, or in a SQLite file of this project where none is set.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import sqlalchemy.exc
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException, RestException

from training import storage
from training.errors import RegistryError

CHAMPION = "champion"
CANDIDATE = "candidate"
BUNDLE = "bundle"

for noisy in ("alembic", "mlflow", "urllib3"):
    logging.getLogger(noisy).setLevel(logging.ERROR)


@dataclass(frozen=True)
class Version:
    """The registry's record of one version of the model.

    Attributes:
        version: its number.
        run_id: the run that trained it.
        digest: digest of its bundle.
        commit: git commit of the training code; empty when there was none.
        trained_by: who trained it.
        trained_at: when (UTC, ISO 8601).
        approval: the signed approval as JSON; empty while it is a candidate.
        withdrawn: when, by whom and why it was rolled back; empty while it may be served.
        champion: whether this is the version to serve.
    """

    version: str
    run_id: str
    digest: str
    commit: str
    trained_by: str
    trained_at: str
    approval: str
    withdrawn: str
    champion: bool

    @property
    def servable(self) -> bool:
        """Approved, and not withdrawn since."""
        return bool(self.approval) and not self.withdrawn


class Registry:
    """One model in one registry.

    Args:
        uri: the tracking server's address; empty for a SQLite file under ``root``.
        model: the registered model's name.
        root: the project's folder.

    Raises:
        RegistryError: the server does not answer.
    """

    def __init__(self, uri: str, model: str, root: Path) -> None:
        self.model = model
        self.uri = uri or f"sqlite:///{(root / 'mlflow.db').resolve()}"
        self._artifacts = None if uri else (root / "mlartifacts").resolve().as_uri()
        self._greet()
        with self._told():
            if not uri:
                _create(root / "mlflow.db")
            self._client = MlflowClient(self.uri, self.uri)

    def log_run(
        self, params: Mapping[str, str], metrics: Mapping[str, float], tags: Mapping[str, str], plots: Path
    ) -> str:
        """Record one training; returns the run's id."""
        with self._told():
            run = self._client.create_run(self._experiment(), run_name=tags.get("bundle_digest", "")[7:19])
            run_id = str(run.info.run_id)
            try:
                now = int(time.time() * 1000)
                self._client.log_batch(
                    run_id,
                    metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
                    params=[Param(name, value) for name, value in params.items()],
                    tags=[RunTag(name, value) for name, value in tags.items()],
                )
                self._client.log_artifacts(run_id, str(plots), "plots")
            except BaseException:
                self._client.set_terminated(run_id, "FAILED")
                raise
            self._client.set_terminated(run_id)
            return run_id

    def run(self, run_id: str) -> Run | None:
        """The run of this id, or nothing."""
        with self._told():
            try:
                return self._client.get_run(run_id)
            except MlflowException as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return None
                raise

    def runs(self, limit: int) -> list[Run]:
        """The newest finished runs first."""
        with self._told():
            return list(
                self._client.search_runs(
                    [self._experiment()], "attributes.status = 'FINISHED'", 1, limit, ["start_time DESC"]
                )
            )

    def register(self, run_id: str, bundle: Path, digest: str, tags: Mapping[str, str]) -> Version:
        """Make a run's bundle a candidate version. Nothing is visible before all its files are stored."""
        with self._told():
            self._client.log_artifacts(run_id, str(bundle), BUNDLE)
            run = self._client.get_run(run_id)
            if not self._client.search_registered_models(f"name = '{self.model}'"):
                self._client.create_registered_model(self.model)
            made = self._client.create_model_version(
                self.model, f"{run.info.artifact_uri}/{BUNDLE}", run_id, tags={**tags, "bundle_digest": digest}
            )
            self._client.set_registered_model_alias(self.model, CANDIDATE, made.version)
            return self.version(str(made.version))

    def versions(self) -> list[Version]:
        """All versions, newest first."""
        with self._told():
            if not self._client.search_registered_models(f"name = '{self.model}'"):
                return []
            champion = self._champion_number()
            found = self._client.search_model_versions(f"name = '{self.model}'", max_results=1000)
            return sorted((_version(mv, champion) for mv in found), key=lambda v: int(v.version), reverse=True)

    def version(self, number: str) -> Version:
        """One version.

        Raises:
            RegistryError: there is none of that number.
        """
        found = next((v for v in self.versions() if v.version == number), None)
        if found is None:
            known = ", ".join(v.version for v in self.versions()) or "none"
            raise RegistryError(f"{self.model} has no version {number!r}", f"take one of these: {known}")
        return found

    def champion(self) -> Version | None:
        """The version to serve, if one was approved."""
        return next((v for v in self.versions() if v.champion), None)

    def download(self, version: Version, folder: Path) -> Path:
        """Copy a version's bundle into ``folder``; returns where it is."""
        with self._told():
            return Path(self._client.download_artifacts(version.run_id, BUNDLE, str(folder)))

    def approve(self, version: Version, approval: str) -> None:
        """Keep an approval with its version and make it the champion."""
        with self._told():
            self._client.set_model_version_tag(self.model, version.version, "approval", approval)
            self._client.set_model_version_tag(self.model, version.version, "withdrawn", "")
            self._client.set_registered_model_alias(self.model, CHAMPION, version.version)

    def replace_champion(self, old: Version, new: Version, by: str, reason: str) -> None:
        """Withdraw the champion in favour of an older version."""
        record = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by, "reason": reason}
        with self._told():
            self._client.set_registered_model_alias(self.model, CHAMPION, new.version)
            self._client.set_model_version_tag(self.model, old.version, "withdrawn", json.dumps(record))

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(self.model)
        return str(found.experiment_id if found else self._client.create_experiment(self.model, self._artifacts))

    def _champion_number(self) -> str:
        aliases: Mapping[str, Any] = self._client.get_registered_model(self.model).aliases
        return str(aliases.get(CHAMPION, ""))

    def _greet(self) -> None:
        """Notice a dead server at once, rather than after the client's many retries."""
        if not self.uri.startswith(("http://", "https://")):
            return
        try:
            requests.get(f"{self.uri.rstrip('/')}/health", timeout=5)
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> RegistryError:
        return RegistryError(
            f"MLFLOW_TRACKING_URI: {self.uri} does not answer ({type(error).__name__})",
            "start the server or correct the address; unset the variable to keep runs in a local file",
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the client's many kinds of failure into one that says what to do."""
        try:
            yield
        except RestException as error:
            raise RegistryError(f"{self.uri}: {error.message}", "see the server's log") from error
        except (requests.RequestException, ConnectionError) as error:
            raise self._unreachable(error) from error
        except (MlflowException, OSError, sqlalchemy.exc.SQLAlchemyError) as error:
            raise RegistryError(
                f"{self.uri}: {str(error).splitlines()[0]}",
                "check MLFLOW_TRACKING_URI, its credentials and the room on its disk",
            ) from error


def _create(database: Path) -> None:
    """Make the local database whole: MLflow takes seconds for its tables, and cannot go on from half of them."""
    if not database.exists():
        with storage.whole(database) as temporary:
            MlflowClient(f"sqlite:///{temporary.resolve()}").search_experiments(max_results=1)
            if not database.exists():  # by another process meanwhile
                os.replace(temporary, database)


def _version(found: ModelVersion, champion: str) -> Version:
    tags: Mapping[str, str] = found.tags
    return Version(
        version=str(found.version),
        run_id=str(found.run_id),
        digest=tags.get("bundle_digest", ""),
        commit=tags.get("commit", ""),
        trained_by=tags.get("trained_by", ""),
        trained_at=tags.get("trained_at", ""),
        approval=tags.get("approval", ""),
        withdrawn=tags.get("withdrawn", ""),
        champion=str(found.version) == champion,
    )
