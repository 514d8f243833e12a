"""AWS Secrets Manager as far as a rotation uses it: versions, their stages, and the four steps as AWS takes them."""

from __future__ import annotations

import itertools
from typing import Any


class NotFound(Exception):
    """What boto3 raises where there is no such value."""

    response = {"Error": {"Code": "ResourceNotFoundException"}}  # noqa: RUF012  # as botocore has it


class Manager:
    """Secrets by their names. Takes the place of boto3's client, and of the service that calls the function."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, str]] = {}
        self._stages: dict[str, dict[str, str]] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._tokens = (f"version-{number}" for number in itertools.count())

    def add(self, name: str, value: str, **tags: str) -> None:
        """Make a secret with a first value."""
        self._values[name], self._stages[name], self._tags[name] = {}, {}, tags
        self.put_secret_value(SecretId=name, SecretString=value)

    def value(self, name: str) -> str:
        """What whoever reads the secret now gets."""
        return self.get_secret_value(SecretId=name)["SecretString"]

    def rotate(self, name: str, step) -> None:
        """Call the function for each step in turn; ``step`` takes the event."""
        token = self.begin(name)
        for each in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            step({"Step": each, "SecretId": name, "ClientRequestToken": token})

    def begin(self, name: str) -> str:
        """Begin a rotation: there is a version, without a value yet. Returns the version's name."""
        token = next(self._tokens)
        self._stages[name].pop("AWSPENDING", None)
        self._values[name][token] = ""
        return token

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:
        stages = {
            version: [stage for stage, held in self._stages[SecretId].items() if held == version]
            for version in self._values[SecretId]
        }
        tags = [{"Key": key, "Value": value} for key, value in self._tags[SecretId].items()]
        return {"Name": SecretId, "RotationEnabled": True, "VersionIdsToStages": stages, "Tags": tags}

    def get_secret_value(
        self, *, SecretId: str, VersionStage: str = "AWSCURRENT", VersionId: str | None = None
    ) -> dict[str, Any]:
        version = self._stages[SecretId].get(VersionStage)
        if version is None or VersionId not in (None, version):
            raise NotFound
        return {"SecretString": self._values[SecretId][version]}

    def put_secret_value(
        self,
        *,
        SecretId: str,
        SecretString: str,
        ClientRequestToken: str | None = None,
        VersionStages: tuple[str, ...] = ("AWSCURRENT",),
    ) -> dict[str, Any]:
        version = ClientRequestToken or next(self._tokens)
        self._values[SecretId][version] = SecretString
        for stage in VersionStages:
            self._stages[SecretId][stage] = version
        return {"VersionId": version}

    def update_secret_version_stage(
        self, *, SecretId: str, VersionStage: str, MoveToVersionId: str, RemoveFromVersionId: str
    ) -> dict[str, Any]:
        assert self._stages[SecretId][VersionStage] == RemoveFromVersionId
        self._stages[SecretId][VersionStage] = MoveToVersionId
        return {}
