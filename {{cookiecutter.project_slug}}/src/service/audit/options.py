"""How a trail is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Policy = Literal["refuse", "shed"]
"""When the disk takes no record: ``refuse`` to answer, or answer all the same and put down later how many."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a trail is kept.

    Attributes:
        policy: what to do when the disk takes no record.
        segment_bytes: a file of this size is ended, and another begun.
        segment_seconds: so is one of this age, at the next record.
        seal_seconds: how often, while there is something new, it is forced onto the disk and the head signed.
        fsync_each: whether each group of records is forced onto the disk before it is answered.
    """

    policy: Policy = "refuse"
    segment_bytes: int = 64_000_000
    segment_seconds: float = 86_400.0
    seal_seconds: float = 1.0
    fsync_each: bool = False
