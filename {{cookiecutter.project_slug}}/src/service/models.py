"""All models of this process: found by name and version, each replaced on its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from service.errors import NotFound
from service.metrics import Metrics
from service.serving import Served, Slot


class Models:
    """The served models.

    Args:
        slots: one for each model; the first is the one asked for without a name.
        metrics: says whether all are loaded, and since when.
        changed: called after any was replaced.
    """

    def __init__(self, slots: Sequence[Slot], metrics: Metrics, changed: Callable[[], None]) -> None:
        self.slots = tuple(slots)
        self._metrics = metrics
        self._changed = changed

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

    def refresh(self) -> None:
        """Load what is new.

        Raises:
            BundleError: two models have the same name; the second is not served.
        """
        before = [slot.served for slot in self.slots]
        for slot in self.slots:
            slot.refresh()
        self._metrics.ready.set(self.ready)
        now = [slot.served for slot in self.slots]
        if any(old is not new for old, new in zip(before, now, strict=True)):
            self._changed()
            for served in filter(None, now):
                self._metrics.loaded.labels(served.approval.model, served.approval.version).set(time.time())
