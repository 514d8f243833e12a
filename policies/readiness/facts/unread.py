"""What could not be read, and why: a fact like any other, so that nothing is skipped in silence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or part of one, that the gate could not take in.

    Attributes:
        file: path as given, or relative to the repository.
        line: where reading stopped, from 1; 0 when it never began.
        why: what is wrong with it.
        remedy: what to do so that it can be read.
        templated: it is a template, sound perhaps once it is rendered; so not wrong, but not known either.
    """

    file: str
    line: int
    why: str
    remedy: str
    templated: bool = False

    @property
    def label(self) -> str:
        return f"File/-/{self.file}"


class UnreadError(Exception):
    """A control asked for the content of a file that cannot be read; carries the ``Unread``."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(f"{unread.file}: {unread.why}")
        self.unread = unread
