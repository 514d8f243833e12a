"""Several workers show one status page, whichever of them is asked."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from process import Installed, Process, install
from running import until

REQUESTS = 10


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Hold a process, so that the other one gets all connections."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def answered(installed: Installed, service: Process) -> int:
    """Ask for some predictions; returns how many rows they have."""
    rows = 0
    for _ in range(REQUESTS):
        with service.wire() as wire:
            wire.send(installed.prediction())
            answer = wire.answer()
            assert answer.status == 200
            rows += len(answer.json()["predictions"])
    return rows


def shown(service: Process) -> dict[str, str]:
    """The figures on the page."""
    with service.wire() as wire:
        html = wire.get("/").body.decode()
    return dict(re.findall(r"<div><dt>([^<]+)</dt><dd>([^<]+)</dd></div>", html))


def test_the_status_page_is_of_all_workers(tmp_path: Path) -> None:
    installed = install(tmp_path, workers=2, pages="open")
    with installed.run() as service:
        until(lambda: len(service.logged("worker ready")) == 2)
        one, other = (line["pid"] for line in service.logged("worker ready"))
        with stopped(one):
            rows = answered(installed, service)
            assert shown(service)["requests"] == str(REQUESTS)
        with stopped(other):
            assert shown(service)["median time"], "it has answered none itself"
            rows += answered(installed, service)
            figures = shown(service)
        assert figures["requests"] == str(2 * REQUESTS)
        assert figures["rows answered"] == str(rows)
