"""What a model's answer costs, measured when it is loaded: that decides where it runs and what can be in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.signature import Blocks

Outputs = NDArray[np.float32]
"""One row of numbers for each row asked."""

Model = Callable[[Blocks], Outputs]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call of the model takes, in seconds: ``fixed`` and ``row`` for each row."""

    fixed: float
    row: float

    @classmethod
    def measured(cls, model: Model, example: Blocks) -> Cost:
        """Measure with one row and with 64; the best of some runs, as anything else on the machine only adds."""
        many = {name: np.repeat(block[:1], 64, axis=0) for name, block in example.items()}
        one = _best(model, {name: block[:1] for name, block in example.items()})
        row = max(0.0, _best(model, many) - one) / 63
        return cls(max(0.0, one - row), row)

    def of(self, rows: float) -> float:
        """Seconds for one call with so many rows."""
        return self.fixed + self.row * rows


def _best(model: Model, blocks: Blocks) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        model(blocks)
        times.append(time.perf_counter() - began)
    return min(times)
