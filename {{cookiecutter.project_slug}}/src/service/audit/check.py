"""Checks one writer's chain, line by line, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from service.audit.chain import START, line_hash
from service.audit.head import HEAD, Head
from service.audit.keys import PublicKeys
from service.audit.line import Line, opening, parse
from service.audit.report import Report, WriterSummary
from service.audit.segment import SUFFIX, segment_name

Known = dict[int, tuple[str, str]]
"""Lines of a chain that somebody vouches for: number of the line -> its hash, and who."""


class Check:
    """Goes through one writer's folder.

    Args:
        folder: the writer's.
        known: what others say of its chain.
        report: where findings go.
    """

    def __init__(self, folder: Path, known: Known, report: Report) -> None:
        self._folder = folder
        self._known = known
        self._report = report
        self._seq = 0
        self._hash = START.decode()
        self.summary = WriterSummary(folder.name)

    def run(self, keys: PublicKeys) -> WriterSummary:
        """Check all; the head first, so that what is written meanwhile comes after it."""
        head = self._head(keys)
        try:
            segments = self._segments()
            for path, following in zip_longest(segments, segments[1:]):
                self._segment(path, following)
        except OSError as error:
            self._find("", 0, f"cannot be read: {error}")
        self._ends(head)
        return self.summary

    def _head(self, keys: PublicKeys) -> Head | None:
        path = self._folder / HEAD
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            self._find(HEAD, 0, "altered: this is no file")
            return None
        try:
            head = Head.from_bytes(path.read_bytes())
        except OSError as error:
            self._find(HEAD, 0, f"no signed head ({error.strerror})")
            return None
        except ValueError as error:
            self._find(HEAD, 0, f"altered: not a head ({error})")
            return None
        problem = head.problem(keys)
        if not problem and head.writer != self._folder.name:
            problem = f"it is the head of {head.writer}"
        if problem:
            self._find(HEAD, 0, problem)
            return None
        self._vouch(head.seq, head.hash)
        self.summary.signed, self.summary.signed_at, self.summary.closed = head.seq, head.time, head.closed
        return head

    def _vouch(self, seq: int, hash: str) -> None:
        known = self._known.setdefault(seq, (hash, HEAD))
        if known[0] != hash:
            self._find(HEAD, 0, f"the signed hash of line {seq} is not the one that {known[1]} holds")

    def _segments(self) -> list[Path]:
        """The segments in order; what else is there, and what is missing, is put down."""
        found: list[Path] = []
        for entry in sorted(self._folder.iterdir()):
            if re.fullmatch(r"\d{6,}" + re.escape(SUFFIX), entry.name):
                found.append(entry)
            elif entry.name.startswith(f".{HEAD}."):
                self._note(entry.name, 0, "left by a process that was killed while it replaced the head")
            elif entry.name != HEAD:
                self._find(entry.name, 0, "does not belong here")
        if not found:
            self._find("", 0, "there is no segment: all that this writer recorded is gone")
        found.sort(key=lambda path: int(path.stem))
        for wanted, path in enumerate(found, 1):
            if path.name != segment_name(wanted):
                self._find(path.name, 0, f"stands where {segment_name(wanted)} belongs: a segment is missing or added")
        self.summary.segments = len(found)
        return found

    def _segment(self, path: Path, following: Path | None) -> None:
        after = opening(following) if following else None
        torn = after.torn if after else None
        number = 0
        for number, line in enumerate(self._lines(path, torn, last=following is None), 1):
            self._line(path, number, line)
        if number == 0 and following is None:
            self._note(path.name, 0, "empty: its writer was killed when it had just made it")

    def _lines(self, path: Path, torn: int | None, *, last: bool) -> Iterator[bytes]:
        """The whole lines of a segment, up to where a write was cut short."""
        size = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if torn is not None and size >= torn:
                    self._note(path.name, number, "a write failed here and does not count, as the next segment says")
                    return
                size += len(line)
                if line.endswith(b"\n"):
                    yield line
                elif last:
                    self._note(path.name, number, "half a line: its writer was killed while it wrote")
                else:
                    self._find(path.name, number, "half a line")

    def _line(self, path: Path, number: int, line: bytes) -> None:
        wanted, self._seq = self._seq + 1, self._seq + 1
        before, self._hash = self._hash, line_hash(line).decode()
        self.summary.lines += 1
        try:
            found = parse(line)
        except ValueError as error:
            self._find(path.name, number, f"altered: not a line of a trail ({error})")
            return
        if found.seq != wanted:
            what = f"line {found.seq} of the chain where line {wanted} belongs: lines were dropped, added or moved"
            self._find(path.name, number, what)
            self._seq = found.seq
        elif found.prev != before:
            self._find(path.name, number, "this line or the one before was altered: the hashes do not fit")
        if (found.kind == "segment") != (number == 1) or (number == 1 and not self._opens(found, path)):
            self._find(path.name, number, "this is not where the segment's opening line belongs")
        self._compare(path, number)
        self._count(found)

    def _opens(self, found: Line, path: Path) -> bool:
        return found.writer == self._folder.name and segment_name(found.segment) == path.name

    def _compare(self, path: Path, number: int) -> None:
        hash, source = self._known.pop(self._seq, (self._hash, ""))
        if hash != self._hash:
            self._find(path.name, number, f"not the line {self._seq} that {source} holds")

    def _count(self, found: Line) -> None:
        self.summary.shed += found.shed
        if found.kind == "decision":
            self.summary.records += 1
            self.summary.first = min(self.summary.first or found.time, found.time)
            self.summary.last = max(self.summary.last, found.time)

    def _ends(self, head: Head | None) -> None:
        if self._known:
            seq = max(self._known)
            what = f"cut short: line {seq}, which {self._known[seq][1]} holds, is missing; the last is line {self._seq}"
            self._find("", 0, what)
        if head and head.closed and self._seq > head.seq:
            self._find(HEAD, 0, f"the chain was ended at line {head.seq}, and goes on to line {self._seq}")

    def _find(self, name: str, line: int, what: str) -> None:
        self._report.find(self._place(name), line, what)

    def _note(self, name: str, line: int, what: str) -> None:
        self._report.note(self._place(name), line, what)

    def _place(self, name: str) -> str:
        return f"{self._folder.name}/{name}" if name else self._folder.name
