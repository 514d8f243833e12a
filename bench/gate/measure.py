"""Runs a command and says what it took: seconds, and memory at its peak."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LAUNCH = Path(__file__).with_name("launch.py")
UNITS = 1024  # ru_maxrss is in KiB on Linux


class Failed(Exception):
    """A command ended otherwise than it should; the text says how."""


@dataclass(frozen=True)
class Taken:
    """What one run took.

    Attributes:
        seconds: elapsed.
        cpu: user and system time.
        megabytes: memory at the peak, of the largest process.
        said: what it printed.
    """

    seconds: float
    cpu: float
    megabytes: float
    said: str


def once(command: Sequence[object], more: Mapping[str, str] | None = None, fine: Sequence[int] = (0, 1)) -> Taken:
    """Run it; findings are no failure, as every tool exits with 1 for them.

    Raises:
        Failed: it ended with another code than those that are fine.
    """
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told, tempfile.NamedTemporaryFile() as taken:
        launch = [sys.executable, "-IS", str(LAUNCH), taken.name, *words]
        subprocess.run(launch, stdout=said, stderr=told, env={**os.environ, **(more or {})}, check=False)
        if not (figures := text(taken)):
            raise Failed(f"{words[0]} did not start: {text(told)[-300:]}")
        code, seconds, cpu, peak = json.loads(figures)
        if code not in fine:
            raise Failed(f"{words[0]} ended with {code}: {text(told)[-300:]}")
        return Taken(seconds, cpu, peak * UNITS / 1e6, text(said))


def text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def median(runs: Sequence[Taken]) -> Taken:
    """The medians of several runs of one command, and what the last one printed."""
    figures = ([getattr(one, name) for one in runs] for name in ("seconds", "cpu", "megabytes"))
    return Taken(*(statistics.median(values) for values in figures), runs[-1].said)
