"""A server that answers: started on a stage, asked, held to the right answers, stopped."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from serving.client import request
from serving.environments import Unavailable, variables
from serving.processes import Processes, started
from serving.servers import BARE, OURS, Answers, Rows, Server
from serving.stage import Stage

START = 120.0
"""Seconds for a server to start."""

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        server: which.
        stage: where.
        port: where it listens, on this machine.
        folder: of this start alone.
        processes: what it consists of.
        start: seconds from its start to its first answer to a row.
    """

    server: Server
    stage: Stage
    port: int
    folder: Path
    processes: Processes
    start: float = 0.0

    @property
    def headers(self) -> dict[str, str]:
        """What it wants to be sent with each request."""
        return {"X-API-Key": self.stage.key}

    def body(self, rows: Rows) -> bytes:
        """Rows in the form that it takes."""
        return json.dumps(self.server.body(self.stage.table["names"], rows), separators=(",", ":")).encode()

    def request(self, rows: Rows, **headers: str) -> bytes:
        """A whole HTTP request; other headers replace its usual ones."""
        return request(self.server.path, headers or self.headers, self.body(rows))

    def ask(self, rows: Rows) -> tuple[int, Any]:
        """Status, and the answer's document or what stands in its place."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json", **self.headers}
            connection.request("POST", self.server.path, self.body(rows), headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if answer.status == 200 else text
        finally:
            connection.close()

    def check(self, model: str) -> None:
        """Ask for each of some rows, then for all in one request, and compare with what scikit-learn answers.

        Raises:
            Unavailable: an answer is wrong.
        """
        rows, expected = self.stage.table["rows"], self.stage.expected(model)
        parts = [([row], [right]) for row, right in zip(rows[:8], expected, strict=False)]
        for asked, right in [*parts, (rows, expected)]:
            status, document = self.ask(asked)
            if status != 200:
                raise Unavailable(f"{len(asked)} row(s) were answered with {status}: {document[:200]!r}")
            if self.server is not BARE and not _same(self.server.answer(document), right):
                raise Unavailable(f"{len(asked)} row(s) were answered wrongly: {str(document)[:200]}")


@contextmanager
def running(stage: Stage, server: Server, model: str = "forest", workers: int = 1) -> Iterator[Running]:
    """Start a server, wait until it answers, check its answers; stop it afterwards.

    Raises:
        Unavailable: it cannot be installed, does not start, or answers wrongly.
    """
    folder = Path(tempfile.mkdtemp(dir=stage.work, prefix=f"{server.name}-"))
    ports = free_ports(3)
    words = {**stage.words(server, model), "run": str(folder), "workers": str(workers)}
    words |= {name: str(port) for name, port in zip(("port", "port2", "port3"), ports, strict=True)}
    try:
        venv, told = _told(stage, server, words)
        _prepare(stage, server, words, told)
        if server.name == OURS.name:
            (folder / "current").symlink_to(stage.release(model))
        command = [word.format(**words) for word in server.command]
        command[0] = str(venv / "bin" / command[0])
        with started(command, stage.folder(server), told, folder / "log") as processes:
            here = Running(server, stage, ports[0], folder, processes)
            here = replace(here, start=_until_ready(here))
            here.check(model)
            yield here
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(stage: Stage, server: Server, words: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """The server's environment: the folder, and the variables."""
    venv = stage.environment(server)
    own = {name: value.format(**words) for name, value in server.variables.items()}
    return venv, variables(venv, {"BENCH_MODEL": words["model"], "BENCH_PORT": words["port"], **own})


def _prepare(stage: Stage, server: Server, words: dict[str, str], told: dict[str, str]) -> None:
    if server.prepare and not Path(words["saved"]).exists():
        command = [word.format(**words) for word in server.prepare]
        done = subprocess.run(command, cwd=stage.folder(server), env=told, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"{command} ended with {done.returncode}: {done.stderr[-300:]}")


def _until_ready(here: Running) -> float:
    """Seconds from the start to the first answer."""
    row = here.stage.table["rows"][:1]
    while (taken := time.perf_counter() - here.processes.began) < START:
        with suppress(OSError, http.client.HTTPException):
            if here.ask(row)[0] == 200:
                return time.perf_counter() - here.processes.began
        if here.processes.first.poll() is not None:
            raise Unavailable(f"it ended by itself with {here.processes.first.returncode}: {here.processes.tail()}")
        time.sleep(0.005 if taken < 5 else 0.05)
    raise Unavailable(f"it does not answer after {START:.0f} s: {here.processes.tail()}")


def _same(got: Answers, right: Answers) -> bool:
    return len(got) == len(right) and all(
        len(one) == len(other) and all(abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True))
        for one, other in zip(got, right, strict=True)
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
