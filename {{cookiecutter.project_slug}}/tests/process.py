"""The service as users run it: a process of its own, its logs read, told to stop or killed."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sample
from running import until
from service import audit, auth
from wire import Wire

SRC = Path(__file__).parents[1] / "src"
BODY = json.dumps({"rows": sample.ROWS["binary"]}).encode()


class Process:
    """A Python program.

    Args:
        environment: added to this process's own.
        arguments: of Python.

    Attributes:
        logs: its JSON log lines so far.
        errors: its lines on standard error so far.
    """

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.logs: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self._popen = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": str(SRC), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read_logs, self._read_errors)]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def port(self) -> int:
        """Where it answers; waits until it does."""
        return int(until(lambda: self.logged("ready") or self._ended())[0]["url"].rpartition(":")[2])

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The log lines with a message."""
        return [line for line in self.logs if line["message"] == message]

    def signal(self, number: int = signal.SIGTERM) -> None:
        self._popen.send_signal(number)

    def code(self, seconds: float = 30) -> int:
        """The exit code, once it has ended and all that it said was read."""
        code = self._popen.wait(seconds)
        for reader, stream in zip(self._readers, (self._popen.stdout, self._popen.stderr), strict=True):
            reader.join(seconds)
            if stream is not None:
                stream.close()
        return code

    def wire(self, context: ssl.SSLContext | None = None) -> Wire:
        return Wire(self.port, context)

    def _ended(self) -> list[dict[str, Any]]:
        assert self._popen.poll() is None, (self.logs, self.errors)
        return []

    def _read_logs(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self.logs.append(json.loads(line))

    def _read_errors(self) -> None:
        assert self._popen.stderr is not None
        self.errors += self._popen.stderr


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[Process]:
    """Run a Python program, and see to it that it ends."""
    process = Process(environment, *arguments)
    try:
        yield process
    finally:
        process.signal(signal.SIGKILL)
        process.code()


@dataclass(frozen=True)
class Installed:
    """All that a service needs, in a folder.

    Attributes:
        folder: holds it.
        key: an API key.
        environment: the settings.
    """

    folder: Path
    key: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> AbstractContextManager[Process]:
        """``python -m service``."""
        return running(self.environment, "-m", "service", *arguments)

    def prediction(self, body: bytes = BODY) -> bytes:
        """A request."""
        head = f"POST /v1/predict HTTP/1.1\r\nHost: a\r\nX-API-Key: {self.key}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def with_settings(self, **settings: object) -> Installed:
        """The same with other settings."""
        changes = {f"SERVICE_{name.upper()}": str(value) for name, value in settings.items()}
        return replace(self, environment={**self.environment, **changes})


def install(folder: Path, **settings: object) -> Installed:
    """Put a release and keys into a folder."""
    release = sample.release(folder / "current")
    key = auth.create_key(folder / "api-keys.json", "tester")
    audit.create_keys(folder / "audit.pem", folder / "audit-input")
    plain = Installed(folder, key, {"TMPDIR": str(folder)})
    return plain.with_settings(
        bundle=release.folder,
        approvers=release.approvers,
        api_keys=folder / "api-keys.json",
        audit=folder / "audit",
        audit_key=folder / "audit.pem",
        audit_input_key=folder / "audit-input",
        **{"port": 0, "drain_seconds": 0, **settings},
    )
