"""Logs as they arrive at the other end of a pipe."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.lines import Lines

ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1] / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
HEAD = "import logging, sys\nfrom service import logs\n"


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program that has the service's logs, in a process of its own."""
    command = [sys.executable, "-c", HEAD + program, *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)


def lines_of(text: str) -> list[dict[str, Any]]:
    """Each line as the JSON it has to be."""
    assert text.endswith("\n") or not text
    return [json.loads(line) for line in text.split("\n")[:-1]]


class Pipe:
    """A pipe to log into, with somebody at its other end."""

    def __init__(self) -> None:
        self.reader, self.fd = os.pipe()
        self.lines = Lines(self.fd)

    def read(self) -> list[dict[str, Any]]:
        """What has arrived."""
        found = b""
        while select.select([self.reader], [], [], 0)[0]:
            found += os.read(self.reader, 65536)
        return lines_of(found.decode())

    def close(self) -> None:
        self.lines.close(0)
        os.close(self.fd)
        os.close(self.reader)


@contextmanager
def piped() -> Iterator[Pipe]:
    """A pipe, closed afterwards."""
    found = Pipe()
    try:
        yield found
    finally:
        found.close()
