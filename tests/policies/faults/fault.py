"""A fault, and the draft of a project that it changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Draft:
    """What a fault changes: the state of each planned resource, and files by path (None when taken away).

    Attributes:
        read: gives the text of a file as it was generated.
        paths: every file as it was generated.
    """

    states: list[dict]
    read: Callable[[str], str]
    paths: tuple[str, ...]
    files: dict[str, str | None] = field(default_factory=dict)


Change = Callable[[Draft], None]


@dataclass(frozen=True)
class Fault:
    """One thing that somebody might do wrong.

    Attributes:
        wrong: what was done, in words.
        change: does it.
        refused: the controls that are meant for it.
        also: other controls that are right to complain, each with the reason.
        ci: the provider whose CI the project has.
    """

    wrong: str
    change: Change
    refused: tuple[str, ...]
    also: Mapping[str, str]
    ci: str = "github"


def fault(
    wrong: str, change: Change, *refused: str, also: Mapping[str, str] | None = None, ci: str = "github"
) -> Fault:
    return Fault(wrong, change, refused, also or {}, ci)


def both(*changes: Change) -> Change:
    """Several changes that make one fault, as it stands in several places."""

    def change(draft: Draft) -> None:
        for one in changes:
            one(draft)

    return change
