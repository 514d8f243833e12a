"""A real Redis for the tests of what is shared: on a port of its own, to be stopped, frozen and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

DEADLINE = 20.0


class RedisServer:
    """A server that keeps nothing over a restart.

    Attributes:
        port: where it listens, also after a restart.
        url: the same as an address.
        client: asks it directly.
    """

    def __init__(self, binary: str, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self.client = redis.Redis(port=self.port)
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)]
        self._command = [binary, *where, "--save", "", "--appendonly", "no"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.01)

    def stop(self) -> None:
        """Kill it, even when it is frozen."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it accept connections and answer nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on; it answers what it was asked meanwhile."""
        self._signal(signal.SIGCONT)

    def calls(self, command: str) -> int:
        """How often it has carried out ``command``."""
        count: int = self.client.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0)
        return count

    def _signal(self, number: signal.Signals) -> None:
        assert self._process, "not started"
        self._process.send_signal(number)


@contextmanager
def running(folder: Path) -> Iterator[RedisServer]:
    """A started server; without the program, the test is skipped."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(binary, folder)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.stop()
