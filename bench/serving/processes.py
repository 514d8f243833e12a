"""A server as the benchmark sees it: all processes that belong to it, their CPU time and memory, and their end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MARK = "AIRWORTHY_BENCH"
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 5.0
"""Seconds for a server to end by itself once it is told to."""


@dataclass(frozen=True)
class Processes:
    """What was started by one command.

    Its processes are those with its mark in their environment, as some leave their parents; the children of such, as
    some overwrite their environment to give themselves a name; and whatever was found to be one of these before.

    Attributes:
        first: the process that was started.
        mark: the value of the variable ``AIRWORTHY_BENCH``.
        began: when it was started, by ``time.perf_counter``.
        log: the file of what it printed.
    """

    first: subprocess.Popen[bytes]
    mark: str
    began: float
    log: Path
    _seen: set[tuple[int, str]] = field(default_factory=set)

    def pids(self) -> list[int]:
        """Its processes that are still there."""
        every = {pid: stat for pid in _all() if (stat := _stat(pid)) and stat[0] != "Z"}
        needle = f"{MARK}={self.mark}".encode()
        found = {pid for pid, stat in every.items() if (pid, stat[19]) in self._seen or needle in _environment(pid)}
        while more := {pid for pid, stat in every.items() if int(stat[1]) in found} - found:
            found |= more
        self._seen.update((pid, every[pid][19]) for pid in found)  # a number may be used again, by one begun later
        return sorted(found)

    def cpu(self, pids: Sequence[int]) -> float:
        """Seconds of CPU time, user and system, that processes have used, their ended children included."""
        return sum(sum(map(int, stat[11:15])) for pid in pids if (stat := _stat(pid))) * TICK

    def resident(self, pids: Sequence[int]) -> float:
        """Resident memory in MB, summed over processes."""
        return sum(int(stat[21]) for pid in pids if (stat := _stat(pid))) * PAGE / 1e6

    def tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-600:].strip()

    def stop(self) -> None:
        """End all of it: politely first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + PATIENCE
            for pid in self.pids():
                with suppress(OSError):
                    os.kill(pid, number)
            while self.pids() and time.monotonic() < deadline:
                self.first.poll()
                time.sleep(0.05)


@contextmanager
def started(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> Iterator[Processes]:
    """Run a command in a session of its own, so that a Ctrl-C reaches the benchmark alone, which then stops it."""
    mark = uuid.uuid4().hex
    began = time.perf_counter()
    with log.open("ab") as output:
        first = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    processes = Processes(first, mark, began, log)
    try:
        yield processes
    finally:
        processes.stop()
        first.wait()


def _all() -> Iterable[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _stat(pid: int) -> list[str] | None:
    """The fields of ``/proc/PID/stat`` after the name, which may hold spaces; None if there is no such process now."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
