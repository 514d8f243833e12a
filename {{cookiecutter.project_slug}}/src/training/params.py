"""params.yaml: all that a data scientist changes, checked in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from service.signature import FeatureType, Task
from training.block import Block, Name
from training.errors import ParamsError
from training.gate_params import METRICS, Gates
from training.problems import Problems, add_invalid
from training.strict_yaml import read_mapping


def _model_name(name: str) -> str:
    odd = sorted({char for char in name if char in "/:?#%\\" or char.isspace() or not char.isprintable()})
    if odd:
        found = ", ".join(map(repr, odd))
        raise ValueError(f"a model's name may not hold {found}; letters, digits, '-' and '_' will do")
    if not name or name.startswith("."):
        raise ValueError("a model's name may not be empty or begin with a dot; 'tumour-diagnosis' would do")
    return name


def _scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | bool | int | float):
        raise ValueError("neither a text, a number nor true or false; give one, dates in quotes")
    return value


class Data(Block):
    """The table and the meaning of its columns; exactly one of ``example`` and ``path`` is given.

    Attributes:
        example: one of the tables that ship with scikit-learn.
        path: a CSV or Parquet file; a relative path starts at the folder of params.yaml.
        target: the column to predict.
        task: what kind of prediction; inferred from the target when left out.
        drop: columns that the model must not see.
        time: the column to split by, latest rows last.
        group: the column whose values must not be on both sides of a split.
        types: the type of columns whose values would be read as another.
    """

    example: Literal["breast-cancer", "wine", "diabetes"] | None = None
    path: Name | None = None
    target: Name
    task: Task | None = None
    drop: list[Name] = Field(default=[])
    time: Name | None = None
    group: Name | None = None
    types: dict[str, FeatureType] = Field(default={})

    @property
    def label(self) -> str:
        """How messages name the table."""
        return self.path or f"example {self.example}"

    @model_validator(mode="after")
    def _consistent(self) -> Data:
        if (self.example is None) == (self.path is None):
            raise ValueError("name exactly one of example and path; remove one or add one")
        if self.time and self.group:
            raise ValueError("a split is by time or by group, not both; name one, and list the other in drop")
        for key, column in (("time", self.time), ("group", self.group)):
            if column == self.target:
                raise ValueError(f"'{column}' is both target and {key}; name another column, or leave out {key}")
        if self.target in self.drop:
            raise ValueError(f"drop lists the target '{self.target}'; remove it there")
        return self


class Split(Block):
    """How rows are kept apart: the share of test rows, the folds of cross-validation, the seed of both."""

    test: float = Field(gt=0, lt=1)
    folds: int = Field(ge=2)
    seed: int = Field(ge=0, lt=2**32)


class Estimator(Block):
    """A model by its name in ``training.estimators``, and the parameters it is made with."""

    name: Name
    parameters: dict[str, Any] = Field(default={})


class Slice(Block):
    """Rows that must do well by themselves: ``min`` <= column <= ``max``, or column equals a value."""

    name: Name
    column: Name
    min: float | None = None
    max: float | None = None
    equals: Annotated[Any, AfterValidator(_scalar)] = None

    @model_validator(mode="after")
    def _one_condition(self) -> Slice:
        if (self.equals is None) == (self.min is None and self.max is None):
            raise ValueError("takes either equals, or min or max or both; give one of the two kinds")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; exchange them")
        return self


class Params(Block):
    """The whole of params.yaml."""

    model: Annotated[str, AfterValidator(_model_name)]
    data: Data
    split: Split
    estimator: Estimator
    baseline: Estimator
    slices: list[Slice] = Field(default=[])
    gates: Gates

    @model_validator(mode="after")
    def _distinct_slices(self) -> Params:
        names = [part.name for part in self.slices]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two slices are named '{twice[0]}'; give each its own name")
        return self


def load(path: Path) -> Params:
    """Read params.yaml.

    Raises:
        ParamsError: naming every key that is wrong and what would do.
    """
    data = read_mapping(
        path, ParamsError, "run in the project's folder; `git restore params.yaml` brings the file back"
    )
    try:
        return Params.model_validate(data)
    except ValidationError as invalid:
        problems = Problems(str(path), ParamsError)
        add_invalid(problems, invalid, Params)
        problems.refuse()
        raise


def check_task(params: Params, task: Task) -> None:
    """Check that every metric named makes sense for the task.

    Raises:
        ParamsError: naming each key whose metric does not.
    """
    problems = Problems("params.yaml", ParamsError)
    fitting = ", ".join(name for name, tasks in METRICS.items() if task in tasks)
    for key, metric in params.gates.named_metrics().items():
        if task not in METRICS[metric]:
            problems.add(f"{key}: {metric} is no metric for a {task} task", f"these are: {fitting}")
    problems.refuse()
