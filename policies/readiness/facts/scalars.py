"""Scalars of a resource, with their types checked: whatever has the wrong one is not judged rather than guessed at."""

from __future__ import annotations

from typing import Any

from readiness.facts.resources import WrongShape, describe, follow


def flag(holder: Any, *path: str) -> bool | None:
    """The true or false at the end of a path; None where there is neither.

    Raises:
        WrongShape: something else stands there, such as the text ``"true"``.
        UnknownValue: it is not known.
    """
    value = follow(holder, path)
    if value is None or isinstance(value, bool):
        return value
    raise WrongShape(f"{'.'.join(path)} is {describe(value)}, where true or false must stand")


def number(holder: Any, *path: str) -> int | float | None:
    """The number at the end of a path; None where there is none. Raises as ``flag`` does."""
    value = follow(holder, path)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise WrongShape(f"{'.'.join(path)} is {describe(value)}, where a number must stand")


def text(holder: Any, *path: str) -> str:
    """The text at the end of a path; an empty one where there is none. Raises as ``flag`` does."""
    value = follow(holder, path)
    if value is None or isinstance(value, str):
        return value or ""
    raise WrongShape(f"{'.'.join(path)} is {describe(value)}, where text must stand")
