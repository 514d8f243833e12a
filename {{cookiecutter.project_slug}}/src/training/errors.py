"""What can stop a training step: one small tree, in which each error carries its way out."""

from __future__ import annotations


class TrainingError(Exception):
    """A training step cannot go on; says what is wrong and what would mend it.

    Attributes:
        problem: what is wrong, naming the file, column, setting or service concerned.
        remedy: what the user can do about it.
        exit_code: what the command exits with.
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n  remedy: {self.remedy}"


class ParamsError(TrainingError):
    """params.yaml is missing, malformed or contradicts itself or the table."""


class DataError(TrainingError):
    """The table cannot be read, or breaks its schema."""


class ConversionError(TrainingError):
    """The fitted pipeline has no faithful ONNX form."""


class RegistryError(TrainingError):
    """The model registry is out of reach or does not hold what was asked for."""


class ApprovalError(TrainingError):
    """A version may not be approved, or its approval does not verify."""


class StorageError(TrainingError):
    """A file could not be written whole; nothing half-written is left."""


class GateError(TrainingError):
    """The model is sound but not good enough; the message names each gate and by how much it failed."""

    exit_code = 1
