"""Keeps what functions make of an object, such as an index, so that each is called once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Once:
    """What may be asked for the same thing again and again, and never changes."""

    def once(self, make: Callable[[Self], T]) -> T:
        """What a function makes of this. It is called once."""
        made: dict[Any, Any] = self.__dict__.setdefault("made", {})
        if make not in made:
            made[make] = make(self)
        found: T = made[make]
        return found
