"""One process's part of the trail: its folder, its chain, its segments and its signed head. It knows no event loop."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from service.audit.chain import Chain
from service.audit.files import replace_file, sync_folder
from service.audit.head import HEAD, Head
from service.audit.keys import Keys
from service.audit.options import Options
from service.audit.record import Opening, Stamps, encode
from service.audit.segment import Segment, segment_name

WITNESSED = 64
"""So many other writers' heads are put down by each new writer."""


class Writer:
    """Begins a chain in a folder of its own.

    Args:
        trail: the folder of all writers; made if need be.
        keys: what to sign with.
        commit: git commit of the service's code.
        options: when to begin another segment.
        clock: seconds, for the age of segments.

    Attributes:
        begun: the head of the chain when it consisted of its first line.

    Raises:
        OSError: it cannot be begun.
    """

    begun: Head
    _segment: Segment
    _since: float

    def __init__(self, trail: Path, keys: Keys, commit: str, options: Options, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._commit = commit
        self._options = options
        self._clock = clock
        self._stamp = Stamps()
        self._name = _new_name(self._now())
        self._chain = Chain()
        self._number = 0
        self._full: list[Segment] = []
        trail.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._begin(trail)

    @property
    def retired(self) -> bool:
        """Whether a segment was ended since the head was last sealed."""
        return bool(self._full)

    def append(self, contents: Sequence[bytes]) -> None:
        """Add a line for each of these JSON objects, all or none.

        Raises:
            OSError: none was added; the next call tries anew.
        """
        if self._due():
            self._next_segment()
        chain, lines = self._chain.extend(contents)
        self._segment.append(lines)
        self._chain = chain

    def renew(self) -> None:
        """Go on in another segment, whose first line shows that the disk takes something.

        Raises:
            OSError: it does not.
        """
        self._next_segment()

    def sync(self) -> Callable[[], None]:
        """What to run in a thread to force onto the disk all that was added; only one of these at a time."""
        return self._segment.sync

    def seal(self, *, closed: bool = False) -> Callable[[], Head]:
        """What to run in a thread to force onto the disk, and sign, all that was added; only one at a time.

        It raises OSError if the disk does not take it; the signed head then stays what it was.
        """
        number, full, self._full = self._number, self._full, []
        head = Head(self._name, number, self._chain.seq, self._chain.hash.decode(), self._now(), closed, key="")
        segment = self._segment

        def seal() -> Head:
            for ended in full:
                try:
                    ended.sync()
                finally:
                    ended.close()
            segment.sync()
            signed = head.signed(self._keys.signing)
            replace_file(self._folder / HEAD, signed.to_bytes(), 0o640)
            if closed:
                segment.close()
            return signed

        return seal

    def _begin(self, trail: Path) -> None:
        """Make the folder under another name first: from the moment that it is there, it has a signed head."""
        self._folder = trail / f".{self._name}"
        self._folder.mkdir(mode=0o750)
        try:
            self._next_segment(_heads(trail))
            self.begun = self.seal()()
            os.rename(self._folder, trail / self._name)
        except OSError:
            if self._number:
                self._segment.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._folder = trail / self._name
        sync_folder(trail)

    def _due(self) -> bool:
        segment = self._segment
        old = self._clock() - self._since >= self._options.segment_seconds
        return segment.torn or segment.size >= self._options.segment_bytes or old

    def _next_segment(self, witnessed: dict[str, tuple[int, str]] | None = None) -> None:
        """Go on in a new file, of which the old one's head is the beginning. If that fails, all is as before."""
        ended = self._segment if self._number else None
        torn = ended.size if ended and ended.torn else None
        number = self._number + 1
        opening = Opening(self._name, number, self._now(), self._commit, self._keys.input_id, torn, witnessed or {})
        chain, line = self._chain.extend([encode(opening)])
        path = self._folder / segment_name(number)
        segment = Segment(path)
        try:
            segment.append(line)
        except OSError:
            segment.close()
            path.unlink(missing_ok=True)
            raise
        if ended:
            self._full.append(ended)
        self._segment, self._chain, self._number, self._since = segment, chain, number, self._clock()

    def _now(self) -> str:
        return self._stamp(time.time_ns())


def _new_name(now: str) -> str:
    """Names sort by time, and no two processes get the same, on whatever machine."""
    return f"{now.translate({ord('-'): None, ord(':'): None})}-{os.getpid()}-{secrets.token_hex(4)}"


def _heads(trail: Path) -> dict[str, tuple[int, str]]:
    """Number and hash of the last writers' heads, as they stand now."""
    found: dict[str, tuple[int, str]] = {}
    for file in sorted(trail.glob(f"[0-9]*/{HEAD}"))[-WITNESSED:]:
        try:
            head = Head.from_bytes(file.read_bytes())
        except (OSError, ValueError):
            continue  # it is for verification to say what is wrong with it
        found[file.parent.name] = head.seq, head.hash
    return found
