"""Where each step of the training finds and leaves its files, all under the project's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import DataError


@dataclass(frozen=True)
class Layout:
    """Paths of one project."""

    root: Path

    @property
    def params(self) -> Path:
        """What a data scientist changes."""
        return self.root / "params.yaml"

    @property
    def schema(self) -> Path:
        """What the table must look like."""
        return self.root / "schema.yaml"

    @property
    def data(self) -> Path:
        """Written by ``data``: the two parts of the table, and facts about it."""
        return self.root / "build" / "data"

    @property
    def model(self) -> Path:
        """Written by ``train``: the models and what can be said of them without measuring."""
        return self.root / "build" / "model"

    @property
    def evaluation(self) -> Path:
        """Written by ``evaluate``: metrics and plots."""
        return self.root / "build" / "evaluation"

    @property
    def bundle(self) -> Path:
        """Written by ``evaluate``: what is registered."""
        return self.root / "build" / "bundle"

    @property
    def registered(self) -> Path:
        """Written by ``register``: which version the bundle became."""
        return self.root / "build" / "registered.json"


def read_bytes(path: Path, step: str) -> bytes:
    """A file that an earlier step should have written.

    Raises:
        DataError: naming the step to run first.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: not there yet ({error.strerror})", f"python -m training {step}") from error


def read_json(path: Path, step: str) -> dict[str, Any]:
    """A JSON file that an earlier step should have written; raises as :func:`read_bytes`."""
    found: dict[str, Any] = json.loads(read_bytes(path, step))
    return found
