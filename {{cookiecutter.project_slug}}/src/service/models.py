"""All models of this process: found by name and version, each replaced on its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from service.errors import NotFound
from service.metrics import Metrics
from service.serving import Served, Slot

log = logging.getLogger("service")


class Models:
    """The served models.

    Args:
        slots: one for each model; the first is the one asked for without a name.
        metrics: says whether all are loaded, and since when.
    """

    def __init__(self, slots: Sequence[Slot], metrics: Metrics) -> None:
        self.slots = tuple(slots)
        self._metrics = metrics

    @property
    def first(self) -> Slot:
        """The model asked for without a name."""
        return self.slots[0]

    @property
    def ready(self) -> bool:
        """Whether every model can answer."""
        return all(slot.ready for slot in self.slots)

    def get(self, name: str | None = None, version: str | None = None) -> Served:
        """What is served under a name, in a version.

        Raises:
            BundleError, ApprovalRefused: nothing is; why not.
            NotFound: there is no such model or version.
        """
        if name is None:
            return self.first.get()
        loaded = [slot.get() for slot in self.slots if slot.ready]
        for served in loaded:
            if name == served.approval.model and version in (None, served.approval.version):
                return served
        if not loaded:
            return self.first.get()
        known = ", ".join(f"{served.approval.model!r} in version {served.approval.version}" for served in loaded)
        raise NotFound(f"this service has {known} only")

    def ahead(self, name: str | None, size: int) -> float:
        """Seconds until a model would have answered a request of so many bytes; 0 if there is no such model."""
        for slot in self.slots:
            if slot.served is not None and name in (None, slot.served.approval.model):
                return slot.served.batcher.ahead(size)
        return 0.0

    def refresh(self) -> bool:
        """Load what is new. Returns whether any was replaced."""
        replaced = [self._refresh(slot) for slot in self.slots]
        self._metrics.ready.set(self.ready)
        if any(replaced):
            self._tell_twins()
        return any(replaced)

    def _refresh(self, slot: Slot) -> bool:
        old = slot.served
        slot.refresh()
        new = slot.served
        if new is None or new is old:
            return False
        self._metrics.loaded.labels(new.approval.model, new.approval.version).set(time.time())
        return True

    def _tell_twins(self) -> None:
        """What is served from two folders is asked of the first: somebody meant to serve something else."""
        seen = set()
        for served in filter(None, (slot.served for slot in self.slots)):
            name = served.approval.model, served.approval.version
            if name in seen:
                log.warning("the same model in two folders; the second is never asked", extra={"model": " ".join(name)})
            seen.add(name)
