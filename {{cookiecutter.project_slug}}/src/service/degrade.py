"""What is answered when the model cannot answer: as declared in the settings, marked in the answer, and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from service.cache import Cache
from service.call import Call
from service.errors import DeadlineExceeded, ModelFailed, Overloaded, ServiceError, SettingsError
from service.metrics import Metrics
from service.serving import Served, Slot
from service.signature import MISSING_TEXT, Decoded, Feature, Signature, rows_of

Outputs = NDArray[np.float32]
Policy = Literal["refuse", "cached", "fallback", "default"]
NEARLY = 1e-3
"""How far from 1 probabilities may add up, as they are written down with few digits."""

DEGRADABLE = (ModelFailed, Overloaded, DeadlineExceeded)
"""Failures of the model's answer, rather than of the request or of its caller."""


class Degrade:
    """Stands in for the model.

    Args:
        policy: what to do.
        cache: holds the old answers of ``cached``.
        fallback: holds the simpler model of ``fallback``.
        default: the outputs of ``default``, for one row.
        metrics: counts answers given so.
        seconds: for the simpler model to answer.
    """

    def __init__(
        self,
        policy: Policy,
        cache: Cache,
        fallback: Slot | None,
        default: Sequence[float],
        metrics: Metrics,
        seconds: float = 5.0,
    ) -> None:
        self._policy = policy
        self._cache = cache
        self._fallback = fallback
        self._default = np.array([default], dtype=np.float32)
        self._metrics = metrics
        self._seconds = seconds

    async def instead(self, error: ServiceError, call: Call, served: Served, decoded: Decoded, key: bytes) -> Outputs:
        """Outputs for rows that the model did not answer.

        Raises:
            ServiceError: ``error`` itself, when there is nothing to answer.
        """
        outputs = await self._outputs(call, served, decoded, key)
        if outputs is None:
            raise error
        call.degraded = self._policy
        self._metrics.degraded.labels(self._policy).inc()
        return outputs

    async def _outputs(self, call: Call, served: Served, decoded: Decoded, key: bytes) -> Outputs | None:
        if self._policy == "cached":
            return self._cache.stale(key)
        if self._policy == "default":
            return np.repeat(self._default, decoded.rows, axis=0) if self._fits(served) else None
        simpler = self._fallback.served if self._policy == "fallback" and self._fallback else None
        if simpler is None or not fits(simpler, served):
            return None
        try:
            own = await _decoded_for(simpler, served, decoded)
            anew = time.perf_counter() + self._seconds  # the call's own deadline is what the model may just have missed
            unhurried = replace(call, deadline=anew)
            simpler.batcher.admit(unhurried, own.rows)
            outputs = await simpler.batcher.run(unhurried, own)
        except ServiceError:
            return None
        statement = simpler.approval
        call.model, call.version, call.digest = statement.model, statement.version, simpler.bundle.digest
        return outputs

    def check(self, served: Served) -> None:
        """Make sure that what is declared fits a model.

        Raises:
            SettingsError: it does not.
        """
        if self._policy != "default":
            return
        if self._default.shape[1] != _width(served):
            width, gives = self._default.shape[1], _width(served)
            raise SettingsError(
                f"SERVICE_DEFAULT_ANSWER: {width} numbers, but {served.approval.model!r} gives {gives} for each row"
            )
        if not self._fits(served):
            raise SettingsError(
                f"SERVICE_DEFAULT_ANSWER: {served.approval.model!r} gives probabilities: numbers from 0 to 1, 1 in all"
            )

    def _fits(self, served: Served) -> bool:
        """Whether the default could be an answer of this model."""
        default = self._default
        if default.shape[1] != _width(served) or not np.isfinite(default).all():
            return False
        if served.bundle.signature.task == "regression":
            return True
        return bool((default >= 0).all() and abs(default.sum() - 1) <= NEARLY)


def _width(served: Served) -> int:
    """Numbers that a model gives for each row."""
    return max(1, len(served.bundle.signature.classes))


def fits(simpler: Served, served: Served) -> bool:
    """Whether a model takes the same input, and gives the same kind of answer."""
    one, other = simpler.bundle.signature, served.bundle.signature
    inputs = [[(f.name, f.type) for f in signature.features] for signature in (one, other)]
    return inputs[0] == inputs[1] and (one.task, one.classes) == (other.task, other.classes)


async def _decoded_for(simpler: Served, served: Served, decoded: Decoded) -> Decoded:
    """Rows as the simpler model takes them: it has rules of its own for what is missing, out of range or unseen.

    Raises:
        InvalidInput: it takes no such rows, so its answer would mean nothing.
    """
    one, other = simpler.bundle.signature, served.bundle.signature
    if one.features == other.features:
        return decoded
    return await asyncio.to_thread(lambda: one.decode(_rows(other, decoded)))


def _rows(signature: Signature, decoded: Decoded) -> list[dict[str, Any]]:
    """The rows as they were asked."""
    columns: dict[str, list[Any]] = {}
    for number, feature in enumerate(signature.numeric):
        values = decoded.blocks["numeric"][:, number].tolist()
        columns[feature.name] = [_asked(feature, value) for value in values]
    for number, feature in enumerate(signature.text):
        values = decoded.blocks["text"][:, number].tolist()
        columns[feature.name] = [None if value == MISSING_TEXT else value for value in values]
    return rows_of(columns)


def _asked(feature: Feature, value: float) -> float | bool | None:
    if value != value:
        return None
    return bool(value) if feature.type == "boolean" else value
