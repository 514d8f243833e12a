"""All that the environment says to the service, read in this one place."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal, Self, get_origin
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.errors import SettingsError
from service.limits.gcra import Rate

PREFIX = "SERVICE_"
Share = Annotated[float, Field(ge=0, le=1)]
AN_HOUR = 3600
"""The longest that a control may take: one that waits for ever is none."""
Seconds = Annotated[float, Field(gt=0, le=AN_HOUR)]


class Settings(BaseSettings):
    """Settings of the running service; each is an environment variable of its name in capitals after ``SERVICE_``.

    A variable that is empty, as compose files and ``.env`` make them, counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, allow_inf_nan=False
    )

    environment: Literal["local", "dev", "staging", "prod"] = Field(
        default="prod", description="Where it runs. `local` makes itself an API key and accepts self-approved models."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer; one that dies is replaced.")
    name: str = Field(
        default="model-service", pattern="^[a-z0-9-]{1,63}$", description="Its name in traces, and in a shared Redis."
    )

    bundle: Path = Field(
        default=Path("models/current"), description="Folder with the approved bundle, as `pull` left it."
    )
    more_bundles: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="Folders of further models, separated by commas; asked for by their names."
    )
    approvers: Path = Field(default=Path("approvers.toml"), description="Public keys of those who may approve a model.")
    reload_seconds: Seconds = Field(default=2.0, description="How often to look for a newly pulled bundle, in seconds.")
    model_threads: int = Field(
        default=2, ge=1, description="Threads for calls of the model that are too slow for the event loop."
    )

    api_keys: Path = Field(
        default=Path("api-keys.json"), description="Hashes of the API keys; see `python -m service keys`."
    )
    local_key: Path = Field(
        default=Path(".local/api-key"), description="Where local mode keeps the API key that it makes."
    )
    token_issuer: str = Field(default="", description="Issuer of JWTs to accept (`iss`); empty accepts none.")
    token_audience: str = Field(default="", description="What JWTs must be meant for (`aud`).")
    token_keys: str = Field(default="", description="URL of the issuer's keys (JWKS).")
    token_url: str = Field(
        default="", description="Where clients get a token (OAuth2 client credentials); shown in the API document."
    )
    token_leeway: float = Field(default=30.0, ge=0, le=AN_HOUR, description="Clock skew allowed in JWTs, in seconds.")
    pages: Literal["open", "key"] = Field(
        default="key", description="Whether `/` and `/docs` ask for an API key; `open` by default in local mode."
    )

    rate: str = Field(
        default="20000/second",
        description="Requests of one caller to one route, such as `200/second` or `200/second burst 400`, or `none`.",
    )
    quota: str = Field(
        default="none", description="Requests of one caller to all routes in the long run, such as `1000000/day`."
    )
    redis: str = Field(
        default="", description="URL of the Redis or Valkey in which replicas share limits; empty: each has its own."
    )

    max_body_bytes: int = Field(default=10_000_000, gt=0, description="Largest request body, in bytes.")
    max_head_bytes: int = Field(default=32_768, ge=1024, description="Longest request line and headers, in bytes.")
    max_rows: int = Field(default=10_000, gt=0, description="Most rows in one request.")
    max_connections: int = Field(default=2_000, gt=0, description="Connections open at the same time, a worker.")
    max_queue: int = Field(default=50_000, gt=0, description="Rows that may wait for the model, a worker.")
    deadline_seconds: Seconds = Field(
        default=5.0, description="Time for an answer once a request has arrived, in seconds; callers may ask for less."
    )
    receive_seconds: Seconds = Field(default=10.0, description="Time for a request to arrive whole, in seconds.")
    keep_alive_seconds: int = Field(default=75, gt=0, description="How long an idle connection stays open, in seconds.")
    drain_seconds: float = Field(
        default=5.0,
        ge=0,
        le=AN_HOUR,
        description="Time for load balancers to notice that it stops, in seconds; 0 in local mode.",
    )
    grace_seconds: int = Field(
        default=20, ge=0, le=AN_HOUR, description="Time for requests in flight when told to stop, in seconds."
    )

    cache_bytes: int = Field(default=0, ge=0, description="Size of the cache of answers, in bytes; 0 for none.")
    cache_seconds: float = Field(default=60.0, gt=0, description="How long an answer may be repeated, in seconds.")
    degrade: Literal["refuse", "cached", "fallback", "default"] = Field(
        default="refuse",
        description="When the model cannot answer: refuse; or an old cached, a fallback bundle's or a default answer.",
    )
    fallback: Path | None = Field(default=None, description="Folder with the approved bundle of a simpler model.")
    default_answer: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(), description="The default answer: probabilities in the order of the classes, or one value."
    )

    audit: Path | None = Field(
        default=Path("audit"), description="Folder for the record of all decisions; `none` keeps none."
    )
    audit_key: Path = Field(default=Path("audit-key.pem"), description="Ed25519 key that signs the record.")
    audit_input_key: Path = Field(
        default=Path("audit-input-key"), description="Secret under which the record keeps hashes of inputs."
    )
    audit_full: Literal["refuse", "shed"] = Field(
        default="refuse", description="When a decision cannot be recorded: refuse to make it, or go on and count."
    )
    audit_fsync_seconds: float = Field(
        default=1.0, ge=0, le=AN_HOUR, description="How much of the record a power cut may take, in seconds."
    )

    commit: str = Field(default="unknown", description="Git commit of the code, for the record of decisions.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_features: bool = Field(default=False, description="Whether rows may be logged; they may be personal data.")
    otlp: str = Field(
        default="", description="URL of an OpenTelemetry collector (OTLP over HTTP) for traces; empty: no traces."
    )
    trace_ceiling: float = Field(
        default=10.0, ge=0, description="Most requests a second that are traced by choice, and as callers trace them."
    )
    trace_share: Share = Field(default=0.01, description="Share of requests that is traced, up to the ceiling.")

    tls_certificate: Path | None = Field(default=None, description="Certificate chain, PEM; without one, plain HTTP.")
    tls_key: Path | None = Field(default=None, description="The certificate's private key, PEM.")
    tls_client_ca: Path | None = Field(
        default=None, description="Authorities whose client certificates are demanded (mutual TLS), PEM."
    )

    @property
    def local(self) -> bool:
        """Whether this is somebody's own machine."""
        return self.environment == "local"

    @property
    def rate_limit(self) -> Rate | None:
        """``rate``, read."""
        return _rate(self.rate)

    @property
    def quota_limit(self) -> Rate | None:
        """``quota``, read."""
        return _rate(self.quota)

    @field_validator("rate", "quota")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        _rate(value)
        return value

    @field_validator("audit", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return None if isinstance(value, str) and value.strip().lower() == "none" else value

    @field_validator("otlp")
    @classmethod
    def _is_url(cls, value: str) -> str:
        url = urlsplit(value)
        if value and (url.scheme not in {"http", "https"} or not url.hostname):
            raise ValueError("this is no URL of a collector; write http://collector:4318")
        return value

    @field_validator("more_bundles", "default_answer", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _easier_locally(self) -> Self:
        easier = {"pages": "open", "drain_seconds": 0.0, "audit": Path(".local/audit")}
        easier |= {"audit_key": Path(".local/audit-key.pem"), "audit_input_key": Path(".local/audit-input-key")}
        for name, value in easier.items() if self.local else ():
            if name not in self.model_fields_set:
                object.__setattr__(self, name, value)
        return self


def _rate(text: str) -> Rate | None:
    return None if text.strip().lower() == "none" else Rate.parse(text)


def table() -> str:
    """All settings as a Markdown table, for the README."""
    lines = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        told = f"{field.description}{_kind(field.annotation, field.default)}"
        default = "" if field.default in (None, "", ()) else f"`{field.default}`"
        lines.append(f"| `{_variable(name)}` | {default} | {told} |")
    return "\n".join(lines)


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: naming every variable that is wrong or unknown, and what would do.
    """
    invalid: dict[str, str] = {}
    try:
        found = Settings()
    except ValidationError as error:
        for told in error.errors():
            invalid.setdefault(str(told["loc"][0]), told["msg"].removeprefix("Value error, "))
        found = Settings(**{name: Settings.model_fields[name].default for name in invalid})  # what is right of it
    lacking = {name: why for name, why in _lacking(found).items() if name not in invalid}
    wrong = [*_unknown(), *(f"{_variable(name)}: {why}" for name, why in (lacking | invalid).items())]
    if wrong:
        raise SettingsError("\n".join(wrong))
    return found


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _unknown() -> list[str]:
    """Variables that look like settings and are none: most likely misspelt, or not in capitals."""
    known = [_variable(name) for name in Settings.model_fields]
    wrong = []
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name.upper(), known, 1)
            wrong.append(f"{name}: there is no such setting" + (f"; did you mean {close[0]}?" if close else ""))
    return wrong


def _lacking(found: Settings) -> dict[str, str]:
    """Settings that are needed because of another, and why."""
    degraded = {"cached": "cache_bytes", "fallback": "fallback", "default": "default_answer"}
    needs = [
        *(("token_issuer", name) for name in ("token_keys", "token_audience")),
        *(("token_keys", "token_issuer"), ("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")),
        ("tls_client_ca", "tls_certificate"),
    ]
    because = {name: f"{_variable(given)} is set" for given, name in needs if getattr(found, given)}
    if found.degrade in degraded:
        because[degraded[found.degrade]] = f"{_variable('degrade')} is {found.degrade}"
    return {name: f"needed because {why}" for name, why in because.items() if not getattr(found, name)}


def _kind(annotation: object, default: object) -> str:
    """What may stand in a variable, where its default does not show it."""
    choices = getattr(annotation, "__args__", ())
    if get_origin(annotation) is Literal:
        return f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    if annotation is bool:
        return " `True` or `False`."
    if default in (None, "", ()):
        names = {Path: "A path", float: "Numbers"}
        return f" {names.get(choices[0], 'A text') if choices else 'A text'}."
    return ""
