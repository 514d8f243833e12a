"""What is answered when the model cannot answer: as declared in the settings, marked in the answer, and counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from service.cache import Cache
from service.call import Call
from service.errors import DeadlineExceeded, ModelFailed, Overloaded, ServiceError, SettingsError
from service.metrics import Metrics
from service.serving import Served, Slot
from service.signature import Decoded

Outputs = NDArray[np.float32]
Policy = Literal["refuse", "cached", "fallback", "default"]
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
    """

    def __init__(
        self, policy: Policy, cache: Cache, fallback: Slot | None, default: Sequence[float], metrics: Metrics
    ) -> None:
        self._policy = policy
        self._cache = cache
        self._fallback = fallback
        self._default = np.array([default], dtype=np.float32)
        self._metrics = metrics

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
            unhurried = replace(call, deadline=math.inf)  # the deadline is what the model may just have missed
            outputs = await simpler.batcher.run(unhurried, decoded)
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
        if self._policy == "default" and not self._fits(served):
            width, gives = self._default.shape[1], _width(served)
            raise SettingsError(
                f"SERVICE_DEFAULT_ANSWER: {width} numbers, but {served.approval.model!r} gives {gives} for each row"
            )

    def _fits(self, served: Served) -> bool:
        return bool(self._default.shape[1] == _width(served))


def _width(served: Served) -> int:
    """Numbers that a model gives for each row."""
    return max(1, len(served.bundle.signature.classes))


def fits(simpler: Served, served: Served) -> bool:
    """Whether a model takes the same input, and gives the same kind of answer."""
    one, other = simpler.bundle.signature, served.bundle.signature
    inputs = [[(f.name, f.type) for f in signature.features] for signature in (one, other)]
    return inputs[0] == inputs[1] and (one.task, one.classes) == (other.task, other.classes)
