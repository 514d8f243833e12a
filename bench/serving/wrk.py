"""Throughput, by wrk, with the CPU time that the server's processes took for it."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from serving.environments import Unavailable
from serving.running import Running

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Load:
    """What wrk and the kernel say of a load.

    Attributes:
        rps: requests answered in a second.
        cpu_us: CPU time of the server for one request, in microseconds.
        p50_ms: half of the answers took at most so long.
        p99_ms: 99 of 100 answers took at most so long.
        bad: answers that were no 200, and requests without an answer.
    """

    rps: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    bad: int


def load(here: Running, rows: int, connections: int, seconds: int, headers: dict[str, str] | None = None) -> Load:
    """Ask for so many rows a request, over so many connections, each asking anew as soon as it is answered.

    Raises:
        Unavailable: there was no answer, not even in ten times as long.
    """
    file = bodies(here, rows)
    for patience in (seconds, 10 * seconds):
        pids = here.processes.pids()
        before = here.processes.cpu(pids)
        told = _wrk(here, file, connections, patience, headers or here.headers)
        used = here.processes.cpu(pids) - before
        if count := told["requests"]:
            rps = count / told["microseconds"] * 1e6
            return Load(rps, used / count * 1e6, told["p50"] / 1e3, told["p99"] / 1e3, told["refused"] + told["failed"])
    raise Unavailable(f"no answers to {rows} row(s) over {connections} connection(s)")


def bodies(here: Running, rows: int) -> Path:
    """A file of bodies with different rows in each, one a line."""
    file = here.folder / f"bodies-{rows}"
    if not file.exists():
        table = here.stage.table["rows"]
        table = table * math.ceil(2 * max(rows, len(table)) / len(table))
        count = 64 if rows == 1 else 4
        file.write_bytes(b"".join(here.body(table[at : at + rows]) + b"\n" for at in range(count)))
    return file


def _wrk(here: Running, file: Path, connections: int, seconds: int, headers: dict[str, str]) -> dict[str, int]:
    if not shutil.which("wrk"):
        raise SystemExit("wrk is needed: apt-get install wrk (Debian, Ubuntu) or brew install wrk")
    flags = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", *flags]
    command += ["-H", "Content-Type: application/json", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{here.port}{here.server.path}", "--", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    figures = [line for line in done.stdout.splitlines() if line.startswith("FIGURES")]
    if not figures:
        raise Unavailable(f"wrk ended with {done.returncode}: {(done.stdout + done.stderr)[-300:]}")
    told: dict[str, int] = json.loads(figures[0].removeprefix("FIGURES "))
    return told
