"""Replaces callers' API keys and services' registry accounts in AWS Secrets Manager. Runs in AWS Lambda.

Nothing is refused on the way: what comes into use was made known to the other side one rotation before. So a caller's
secret holds the key to use and the one that comes next, both known to the service; and a service has three accounts at
the registry, of which one is in use, one was, and one comes next.

Secrets are told apart by their names: ``…/SERVICE/registry``, ``…/SERVICE/callers/CALLER``, and ``…/SERVICE/api-keys``,
which holds the service's file of API keys: hashes only. Where two rotations change that file at the same time, the step
``testSecret`` fails for the one that lost, and Secrets Manager repeats it.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"
ACCOUNTS = 3
Value = dict[str, str]


class Store(Protocol):
    """What is used of boto3's client of Secrets Manager."""

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]: ...

    def get_secret_value(self, *, SecretId: str, VersionStage: str, VersionId: str = ...) -> dict[str, Any]: ...

    def put_secret_value(self, *, SecretId: str, SecretString: str, **more: Any) -> dict[str, Any]: ...

    def update_secret_version_stage(self, *, SecretId: str, VersionStage: str, **more: Any) -> dict[str, Any]: ...


class RotationError(Exception):
    """A step that may not go on. Secrets Manager keeps the present value and tries again."""


class RegistryAccount:
    """The account by which a service logs in to the registry.

    MLflow takes its accounts from the same secret: every key but the first two is a user's name, its value a password.
    """

    def __init__(self, service: str) -> None:
        self._names = [f"{service}-{number}" for number in range(1, ACCOUNTS + 1)]

    def following(self, current: Value) -> Value:
        """The next account comes into use; the one after it gets a new password."""
        accounts = {name: current.get(name) or secrets.token_urlsafe(32) for name in self._names}
        used = 0
        if current:
            used = (self._names.index(current[USERNAME]) + 1) % ACCOUNTS
            accounts[self._names[(used + 1) % ACCOUNTS]] = secrets.token_urlsafe(32)
        name = self._names[used]
        return {USERNAME: name, PASSWORD: accounts[name], **accounts}

    def publish(self, value: Value) -> None:
        """Nothing to do: the registry reads the secret itself."""

    def check(self, value: Value) -> None:
        """Refuse an account that the registry would not be told of."""
        if value.get(value.get(USERNAME, "")) != value.get(PASSWORD):
            raise RotationError("the account in use is not among the accounts")


@dataclass(frozen=True)
class CallerKey:
    """The API key of one caller.

    Attributes:
        store: where the service's file of keys is.
        file: the name of that secret.
        caller: the holder of the key.
        scopes: what it allows.
        now: the present.
        overlap: how long a replaced key goes on working.
    """

    store: Store
    file: str
    caller: str
    scopes: list[str]
    now: datetime
    overlap: timedelta

    def following(self, current: Value) -> Value:
        """The next key comes into use, and a new one is made to follow it."""
        return {"api-key": current.get("next") or secrets.token_urlsafe(32), "next": secrets.token_urlsafe(32)}

    def publish(self, value: Value) -> None:
        """Have the service know both keys, and forget the others in time."""
        records = self._records()
        held = self._held(records.get(self.caller, []), value)
        if held != records.get(self.caller):
            text = json.dumps({**records, self.caller: held})
            self.store.put_secret_value(SecretId=self.file, SecretString=text)

    def check(self, value: Value) -> None:
        """Refuse a key that the service does not know."""
        known = {record["sha256"] for record in self._records().get(self.caller, []) if not record.get("expires")}
        if not {_hash(value["api-key"]), _hash(value["next"])} <= known:
            raise RotationError(f"{self.file} does not know the keys of {self.caller}")

    def _records(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = json.loads(_read(self.store, self.file, "AWSCURRENT"))
        return found

    def _held(self, held: list[dict[str, Any]], value: Value) -> list[dict[str, Any]]:
        """The caller's records, oldest first."""
        wanted = [_hash(value["api-key"]), _hash(value["next"])]
        old = [self._ending(record) for record in held if record["sha256"] not in wanted]
        made = {record["sha256"]: record["created"] for record in held}
        new = [{"sha256": h, "created": made.get(h, _text(self.now)), "scopes": self.scopes} for h in wanted]
        return [record for record in old if record["expires"] > _text(self.now)] + new

    def _ending(self, record: dict[str, Any]) -> dict[str, Any]:
        until = _text(self.now + self.overlap)
        return {**record, "expires": min(record.get("expires") or until, until)}


def handler(event: dict[str, str], _context: object) -> None:
    """What Secrets Manager calls, once for each step."""
    import boto3  # Lambda has it, and nothing else needs it

    overlap = timedelta(days=int(os.environ["OVERLAP_DAYS"]))
    rotate(boto3.client("secretsmanager"), event, datetime.now(UTC), overlap)


def rotate(store: Store, event: dict[str, str], now: datetime, overlap: timedelta) -> None:
    """Do one of the four steps of a rotation. Each may be repeated.

    Args:
        store: Secrets Manager.
        event: ``Step``, ``SecretId`` and ``ClientRequestToken``, which names the new version.
        now: the present.
        overlap: how long a replaced key goes on working.

    Raises:
        RotationError: the secret cannot be rotated, or the new value would not do.
    """
    secret, token = event["SecretId"], event["ClientRequestToken"]
    described = store.describe_secret(SecretId=secret)
    stages = described.get("VersionIdsToStages", {})
    if token not in stages or not described.get("RotationEnabled"):
        raise RotationError(f"{secret} has no version {token} to rotate to")
    if "AWSCURRENT" in stages[token]:
        return
    kind = _kind(store, described, now, overlap)
    if event["Step"] == "createSecret":
        _create(store, secret, token, kind)
    elif event["Step"] == "setSecret":
        kind.publish(_pending(store, secret, token))
    elif event["Step"] == "testSecret":
        kind.check(_pending(store, secret, token))
    elif event["Step"] == "finishSecret":
        current = next(version for version, held in stages.items() if "AWSCURRENT" in held)
        store.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
    else:
        raise RotationError(f"there is no step {event['Step']!r}")


def _kind(store: Store, described: dict[str, Any], now: datetime, overlap: timedelta) -> RegistryAccount | CallerKey:
    name = described["Name"].split("/")
    if name[-1] == "registry":
        return RegistryAccount(name[-2])
    if name[-2] == "callers":
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        file = "/".join([*name[:-2], "api-keys"])
        return CallerKey(store, file, name[-1], tags["scopes"].split(), now, overlap)
    raise RotationError(f"{described['Name']} is neither a registry account nor a caller's key")


def _create(store: Store, secret: str, token: str, kind: RegistryAccount | CallerKey) -> None:
    """Make the new value, unless a try before this one did."""
    try:
        _pending(store, secret, token)
    except LookupError:
        value = kind.following(json.loads(_read(store, secret, "AWSCURRENT")))
        store.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=["AWSPENDING"]
        )


def _pending(store: Store, secret: str, token: str) -> Value:
    found: Value = json.loads(_read(store, secret, "AWSPENDING", token))
    return found


def _read(store: Store, secret: str, stage: str, version: str | None = None) -> str:
    """The text of a version.

    Raises:
        LookupError: there is none.
    """
    more = {"VersionId": version} if version else {}
    try:
        return str(store.get_secret_value(SecretId=secret, VersionStage=stage, **more)["SecretString"])
    except Exception as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") == "ResourceNotFoundException":
            raise LookupError(f"{secret} has no {stage}") from error
        raise


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
