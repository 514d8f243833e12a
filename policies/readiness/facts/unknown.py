"""Values that are not known yet, such as a planned resource's address, and mappings that refuse to hand them out.

A control never holds an unknown value: reading one raises ``UnknownValue``, which the judge turns into "not evaluated".
So no control can take unknown for yes, whatever it does with what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, SupportsIndex


class UnknownValue(Exception):
    """A control read a value that is not known."""

    def __init__(self, where: str = "a value") -> None:
        super().__init__(f"{where} is not known before it is deployed or rendered")


class Unknown:
    """The one unknown value. A second line of defence: whoever gets hold of it can do nothing with it but fail."""

    def _refuse(self, *_: object) -> NoReturn:
        raise UnknownValue

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __call__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __int__ = __float__ = __str__ = __add__ = __radd__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        raise UnknownValue

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


class Fields(dict[str, Any]):
    """A mapping as read from a file.

    Attributes:
        line: where it begins, from 1; 0 when it came from no file.
    """

    __slots__ = ("line",)
    line: int

    def __init__(self, values: Any = (), line: int = 0) -> None:
        super().__init__(values)
        self.line = line


class HoledFields(Fields):
    """A mapping with an unknown value in it: reading that value, or all values, raises ``UnknownValue``."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        return known(super().__getitem__(key), key)

    def get(self, key: str, default: Any = None) -> Any:
        return known(super().get(key, default), key)

    def __contains__(self, key: object) -> bool:
        known(super().get(key), key)  # type: ignore[call-overload]
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            known(super().__getitem__(key), key)
            yield key

    def items(self) -> Any:
        self._all_known()
        return super().items()

    def values(self) -> Any:
        self._all_known()
        return super().values()

    def _all_known(self) -> None:
        for key, value in super().items():
            known(value, key)


class RefusedFields(Fields):
    """A mapping of which nothing can be told, for a reason that every reading of it raises."""

    __slots__ = ("reason",)

    def __init__(self, reason: Exception, line: int = 0) -> None:
        super().__init__((), line)
        self.reason = reason

    def _refuse(self, *_: object) -> NoReturn:
        raise self.reason

    __getitem__ = get = __contains__ = __iter__ = items = values = keys = __len__ = __bool__ = _refuse


class HoledItems(list[Any]):
    """A list with an unknown entry in it: reading that entry, or all entries, raises ``UnknownValue``."""

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return HoledItems(super().__getitem__(index))
        return known(super().__getitem__(index), f"entry {index}")

    def __iter__(self) -> Iterator[Any]:
        for place, value in enumerate(super().__iter__()):
            yield known(value, f"entry {place}")

    def __contains__(self, wanted: object) -> bool:
        return any(value == wanted for value in self)

    def __add__(self, other: Iterable[Any]) -> list[Any]:
        return [*self, *other]

    def count(self, value: Any) -> int:
        return list(self).count(value)

    def index(self, value: Any, start: SupportsIndex = 0, stop: SupportsIndex = 2**63 - 1) -> int:
        return list(self).index(value, start, stop)


def known(value: Any, where: object) -> Any:
    """The value, if it is known.

    Raises:
        UnknownValue: it is not.
    """
    if value is UNKNOWN:
        raise UnknownValue(str(where))
    return value


def guard(value: Any) -> Any:
    """The same value, in which every mapping and list that holds an unknown one refuses to hand it out."""
    if isinstance(value, dict):
        holds = {key: guard(entry) for key, entry in dict.items(value)}
        line = getattr(value, "line", 0)
        holed = any(entry is UNKNOWN for entry in holds.values())
        return HoledFields(holds, line) if holed else Fields(holds, line)
    if isinstance(value, list):
        entries = [guard(entry) for entry in list.__iter__(value)]
        return HoledItems(entries) if any(entry is UNKNOWN for entry in entries) else entries
    return value
