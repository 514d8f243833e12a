"""Collecting everything that is wrong before refusing, so that one run shows it all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from training.errors import TrainingError

MAX_SHOWN = 30
"""At most so many problems are spelt out; a wrong file can have thousands."""


class Problems:
    """What is wrong with one file, gathered until :meth:`refuse` raises it in one error.

    Args:
        label: the file's name in messages.
        error: the class to raise.
    """

    def __init__(self, label: str, error: type[TrainingError]) -> None:
        self.label = label
        self.error = error
        self._found: list[tuple[str, str]] = []

    def add(self, what: str, remedy: str) -> None:
        """Note one problem and what would mend it."""
        self._found.append((what, remedy))

    def refuse(self) -> None:
        """Raise all that was noted; do nothing when that is nothing."""
        if not self._found:
            return
        what, remedy = self._found[0]
        if len(self._found) == 1:
            raise self.error(f"{self.label}: {what}", remedy)
        shared = all(other == remedy for _, other in self._found)
        lines = [f"  - {what}" if shared else f"  - {what}: {remedy}" for what, remedy in self._found]
        if len(lines) > MAX_SHOWN:
            lines[MAX_SHOWN:] = [f"  - and {len(lines) - MAX_SHOWN} more"]
        head = f"{self.label}: {len(self._found)} problems"
        raise self.error("\n".join([head, *lines]), remedy if shared else "mend each as it says above")


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` when a known name is close, else nothing."""
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wrong.casefold(), by_folded, n=1)
    return f" (did you mean '{by_folded[close[0]]}'?)" if close else ""


def quoted(value: object) -> str:
    """A value as a message may show it: never more than a few characters of it."""
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:40] + "…"


def add_invalid(problems: Problems, invalid: ValidationError, model: type[BaseModel]) -> None:
    """Note each of pydantic's findings by its dotted key, with what would do in its place."""
    for found in invalid.errors(include_url=False):
        where = _dotted(found["loc"])
        if found["type"] == "missing":
            problems.add(f"{where} is missing", "add it")
        elif found["type"] == "extra_forbidden":
            known = list(_model_at(model, found["loc"]).model_fields)
            guess = did_you_mean(str(found["loc"][-1]), known)
            problems.add(f"{where} is no known key{guess}", f"known here: {', '.join(known)}")
        elif found["type"] in ("value_error", "assertion_error"):
            problem, _, remedy = str(found["ctx"]["error"]).partition("; ")
            problems.add(f"{where}: {problem}", remedy or "correct it")
        else:
            expected = found["msg"].removeprefix("Input ").replace("should be", "must be")
            problems.add(f"{where}: {quoted(found['input'])} will not do", f"it {expected}")


def _dotted(loc: tuple[int | str, ...]) -> str:
    """``("slices", 0, "min")`` as ``slices[0].min``."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]":  # pydantic's mark for a mapping's key
            text += f".{part}" if text else part
    return text or "the file"


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The model whose key the last part of ``loc`` was meant to be."""
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside ``list[Model]``, ``dict[str, Model]`` or ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)
