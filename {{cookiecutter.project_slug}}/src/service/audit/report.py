"""What verification found."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_LISTED = 1000
"""At most so many findings, and so many notes, are listed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        file: in the trail's folder.
        line: number of the line in the file; 0 for the file as a whole.
        what: what is wrong.
    """

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(slots=True)
class WriterSummary:
    """What one writer's chain holds.

    Attributes:
        name: the writer.
        segments: how many files.
        lines: how many lines, of all kinds.
        records: how many of them are decisions.
        shed: how many decisions went unrecorded, as the chain itself says.
        first, last: times of the first and the last decision (RFC 3339, UTC); empty without one.
        signed: number of the last line that its head covers.
        signed_at: when that was signed; empty without a sound signature.
        closed: whether it ended in good order.
    """

    name: str
    segments: int = 0
    lines: int = 0
    records: int = 0
    shed: int = 0
    first: str = ""
    last: str = ""
    signed: int = 0
    signed_at: str = ""
    closed: bool = False


@dataclass(slots=True)
class Report:
    """The outcome.

    Attributes:
        findings: what is wrong; nothing was altered if there are none.
        notes: what a killed process or a full disk may leave behind, and is in order.
        unlisted: how many findings and notes more there were.
        writers: what each writer's chain holds.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    unlisted: int = 0
    writers: list[WriterSummary] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many decisions the trail holds."""
        return sum(writer.records for writer in self.writers)

    @property
    def shed(self) -> int:
        """How many decisions went unrecorded, as the trail itself says."""
        return sum(writer.shed for writer in self.writers)

    @property
    def unsigned(self) -> int:
        """How many lines came after the last signed head of their writer: chained, but nobody vouches for them."""
        return sum(max(0, writer.lines - writer.signed) for writer in self.writers)

    @property
    def first(self) -> str:
        """Time of the first decision; empty without one."""
        return min((writer.first for writer in self.writers if writer.first), default="")

    @property
    def last(self) -> str:
        """Time of the last decision; empty without one."""
        return max((writer.last for writer in self.writers), default="")

    def find(self, file: str, line: int, what: str) -> None:
        """Put down a finding."""
        self._add(self.findings, Finding(file, line, what))

    def note(self, file: str, line: int, what: str) -> None:
        """Put down a note."""
        self._add(self.notes, Finding(file, line, what))

    def _add(self, listed: list[Finding], found: Finding) -> None:
        if len(listed) < MAX_LISTED:
            listed.append(found)
        else:
            self.unlisted += 1
