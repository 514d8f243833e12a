"""The ``gates`` block of params.yaml: what a model must prove before it is registered."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from service.signature import Task
from training.block import Block
from training.problems import did_you_mean

METRICS: dict[str, frozenset[Task]] = {
    "roc_auc": frozenset({"binary", "multiclass"}),
    "accuracy": frozenset({"binary", "multiclass"}),
    "f1": frozenset({"binary", "multiclass"}),
    "log_loss": frozenset({"binary", "multiclass"}),
    "brier": frozenset({"binary"}),
    "r2": frozenset({"regression"}),
    "mae": frozenset({"regression"}),
    "rmse": frozenset({"regression"}),
}
"""The metrics that gates may name, each with the tasks it makes sense for."""


def _metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"'{name}' is no known metric{did_you_mean(name, METRICS)}; known: {', '.join(METRICS)}")
    return name


Metric = Annotated[str, AfterValidator(_metric)]
"""The name of a known metric."""


class Bound(Block):
    """The least and the most that a metric may be."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Bound:
        if self.min is None and self.max is None:
            raise ValueError("sets no bound; give min (roc_auc, accuracy, f1, r2) or max (log_loss, brier, mae, rmse)")
        return self


class BaselineGate(Block):
    """The model must beat the simple one by more than ``margin``."""

    metric: Metric
    margin: float = Field(ge=0)


class ChampionGate(Block):
    """The model must not be worse than the one in service by more than ``margin``, at this confidence."""

    metric: Metric
    margin: float = Field(ge=0)
    confidence: float = Field(gt=0.5, lt=1)


class SliceGate(Bound):
    """What a metric must be on each named slice; one with fewer than ``rows`` test rows cannot be judged."""

    metric: Metric
    rows: int = Field(ge=1)


class Gates(Block):
    """What a model must prove before it is registered. ``champion: null`` switches that one off."""

    metrics: dict[Metric, Bound] = Field(min_length=1)
    baseline: BaselineGate
    champion: ChampionGate | None
    slices: SliceGate | None = None
    latency_ms: float = Field(gt=0)
    size_mb: float = Field(gt=0)

    def named_metrics(self) -> dict[str, str]:
        """Every metric named, by the dotted key that names it."""
        named = {f"gates.metrics.{name}": name for name in self.metrics}
        for key in ("baseline", "champion", "slices"):
            gate = getattr(self, key)
            if gate is not None:
                named[f"gates.{key}.metric"] = gate.metric
        return named
