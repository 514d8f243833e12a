"""A server as the benchmark sees it: all processes that belong to it, their CPU time and memory, and their end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "AIRWORTHY_BENCH"
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 5.0
"""Seconds for a server to end by itself once it is told to."""


@dataclass(frozen=True)
class Processes:
    """What was started by one command. A mark in the environment finds its processes, as some leave their parents.

    Attributes:
        first: the process that was started.
        mark: the value of the variable ``AIRWORTHY_BENCH`` in each of its processes.
        began: when it was started, by ``time.perf_counter``.
        log: the file of what it printed.
    """

    first: subprocess.Popen[bytes]
    mark: str
    began: float
    log: Path

    def pids(self) -> list[int]:
        """Its processes that are still there."""
        needle = f"{MARK}={self.mark}\0".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    if needle in (folder / "environ").read_bytes() + b"\0":
                        found.append(int(folder.name))
        return found

    def cpu(self, pids: Sequence[int]) -> float:
        """Seconds of CPU time, user and system, that processes have used, their ended children included."""
        total = 0.0
        for pid in pids:
            with suppress(OSError):
                total += sum(map(int, _stat(pid)[11:15])) * TICK
        return total

    def resident(self, pids: Sequence[int]) -> float:
        """Resident memory in MB, summed over processes."""
        total = 0
        for pid in pids:
            with suppress(OSError):
                total += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
        return total / 1e6

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
            while time.monotonic() < deadline:
                self.first.poll()
                if not self.pids():
                    return
                time.sleep(0.02)


@contextmanager
def started(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> Iterator[Processes]:
    """Run a command in a session of its own, so that a Ctrl-C reaches the benchmark alone, which then stops it."""
    mark = uuid.uuid4().hex
    began = time.perf_counter()
    with log.open("wb") as output:
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


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, which may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
