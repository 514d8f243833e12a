"""Makes the controls that every prediction passes, as the settings have them."""

from __future__ import annotations

import logging
from pathlib import Path

from service import audit, auth, limits
from service.audit import Audit
from service.auth import Authenticator
from service.cache import Cache
from service.decoding import LARGE, Decoding
from service.degrade import Degrade
from service.desk import Desk
from service.errors import SettingsError
from service.intake import Intake
from service.lifecycle import Lifecycle
from service.limits import Limiter, Limits, LocalLimiter, SharedLimiter
from service.metrics import Metrics
from service.models import Models
from service.remote import Policy, Remote
from service.routes import PREDICTING
from service.serving import Engine, Slot
from service.settings import Settings

heads = logging.getLogger("service.audit")
heads.setLevel(logging.INFO)  # whatever the log level: the log holds what the record's own folder cannot prove


def desk(settings: Settings, lifecycle: Lifecycle) -> Desk:
    """The controls, as the settings have them."""
    metrics = Metrics()
    cache = Cache(settings.cache_bytes, settings.cache_seconds, metrics)
    engine = Engine(metrics, settings.model_threads, settings.max_queue, settings.max_rows)

    def slot(folder: Path) -> Slot:
        return Slot(folder, settings.approvers, allow_self=settings.local, engine=engine)

    models = Models([slot(folder) for folder in (settings.bundle, *settings.more_bundles)], metrics)
    fallback = slot(settings.fallback) if settings.fallback else None
    degrade = Degrade(settings.degrade, cache, fallback, settings.default_answer, metrics, settings.deadline_seconds)
    joined = Desk(
        models,
        fallback,
        _intake(settings, metrics, models),
        _authenticator(settings, metrics),
        _limits(settings, metrics),
        Decoding(settings.deadline_seconds),
        cache,
        degrade,
        _audit(settings, metrics),
        metrics,
        settings,
        lifecycle,
    )
    joined.refresh()
    for served in filter(None, (found.served for found in models.slots)):
        degrade.check(served)
    return joined


def _intake(settings: Settings, metrics: Metrics, models: Models) -> Intake:
    """Where answers may come from elsewhere than from the model, nobody is turned away for the model's sake.

    And where a degraded answer is declared for callers in a hurry, only the service's own deadline turns away.
    """
    model_answers = settings.degrade == "refuse" and not settings.cache_bytes
    return Intake(
        metrics,
        models.ahead if model_answers else lambda name, size: 0.0,
        LARGE,
        settings.deadline_seconds,
        hurry=settings.degrade == "refuse",
    )


def _authenticator(settings: Settings, metrics: Metrics) -> Authenticator:
    keys = auth.ApiKeys(_own_key(settings), settings.api_keys)
    if settings.api_keys.exists() or not (settings.local or settings.token_issuer):
        keys.load()
    if not settings.token_issuer:
        return Authenticator(keys)
    remote = Remote("token issuer", Policy(timeout=2.0, retries=1), metrics)
    tokens = auth.Tokens(
        settings.token_issuer,
        settings.token_audience,
        settings.token_keys,
        remote=remote,
        leeway=settings.token_leeway,
    )
    return Authenticator(keys, tokens)


def _own_key(settings: Settings) -> dict[str, list[auth.KeyRecord]]:
    """The key of this machine, which goes on working beside those that somebody makes."""
    if not settings.local:
        return {}
    return {"local": [auth.KeyRecord.of(auth.local_key(settings.local_key), auth.SCOPES)]}


def _limits(settings: Settings, metrics: Metrics) -> Limits:
    """Each worker counts for itself unless Redis counts for all."""
    rate, quota = settings.rate_limit, settings.quota_limit
    limiter: Limiter = LocalLimiter()
    if settings.redis:
        redis = Remote("redis", limits.POLICY, metrics)
        try:
            limiter = SharedLimiter(settings.redis, redis, LocalLimiter(), metrics, settings.name)
        except ValueError as error:
            raise SettingsError(f"SERVICE_REDIS: {error}") from error
    elif settings.workers > 1:
        rate, quota = (limit and limit.divided(settings.workers) for limit in (rate, quota))
    return Limits(limiter, metrics, rate, quota, dict.fromkeys(PREDICTING, rate))


def _audit(settings: Settings, metrics: Metrics) -> Audit | None:
    if settings.audit is None:
        return None
    if settings.local and not settings.audit_key.exists():
        audit.create_keys(settings.audit_key, settings.audit_input_key)
    keys = audit.load_keys(settings.audit_key, settings.audit_input_key)
    options = audit.Options(
        policy=settings.audit_full,
        seal_seconds=settings.audit_fsync_seconds or 1.0,
        fsync_each=settings.audit_fsync_seconds == 0,
    )
    return Audit(
        settings.audit,
        keys,
        settings.commit,
        metrics,
        options,
        lambda head: heads.info("audit head", extra={"audit_head": dict(head)}),
    )
