"""One process that answers requests; where there are several, each is a ``python -m service.worker``."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from dataclasses import replace

from prometheus_client import values

from service import logs, settings, streams
from service.app import create_app
from service.errors import ServiceError
from service.heart import Heart
from service.http.protocol import Bounds
from service.http.server import Hooks, Server
from service.lifecycle import Lifecycle
from service.settings import Settings
from service.tls import Tls

log = logging.getLogger("service")
OTHER_FILES = 128
"""Files that a process opens beside its connections, with some to spare."""


def work(found: Settings, listener: socket.socket, hooks: Hooks) -> None:
    """Answer requests until told to stop.

    Args:
        found: the settings.
        listener: a bound socket.
        hooks: what else is done.

    Raises:
        SettingsError: a file that the settings name cannot be used.
    """

    def ready() -> None:
        _settle()
        hooks.ready()

    def second() -> None:
        if tls is not None:
            metrics.certificate_ends.set(tls.not_after)
        hooks.second()

    def refused(error: ServiceError) -> None:
        metrics.requests.labels("other", "connection", str(error.status)).inc()

    tls = _tls(found)
    connections = openable(found.max_connections)
    if connections < found.max_connections:
        log.warning(
            "fewer connections than SERVICE_MAX_CONNECTIONS, as this process may not open more files",
            extra={"connections": connections},
        )
    lifecycle = Lifecycle()
    app = create_app(found, lifecycle)
    metrics = app.state.desk.metrics
    server = Server(
        app,
        lifecycle,
        Bounds(found.receive_seconds, found.keep_alive_seconds, found.max_head_bytes, connections),
        intake=app.state.desk.intake,
        tls=tls,
        drain_seconds=found.drain_seconds,
        grace_seconds=found.grace_seconds,
        hooks=replace(hooks, ready=ready, second=second, refused=refused),
    )
    server.run([listener])


def _tls(found: Settings) -> Tls | None:
    """The certificates that the settings name; None for plain HTTP.

    Raises:
        SettingsError: they will not do.
    """
    if found.tls_certificate is None or found.tls_key is None:
        return None
    return Tls(found.tls_certificate, found.tls_key, found.tls_client_ca)


def openable(connections: int) -> int:
    """How many of so many connections this process may have; its limit of open files is raised as far as it can be."""
    if sys.platform == "win32":
        return connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return max(1, raised - OTHER_FILES)


def _settle() -> None:
    """Leave what was loaded for good out of garbage collections: a full one walks it all, while requests wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def main(arguments: list[str]) -> int:
    """Work for a supervisor; returns the exit code.

    Args:
        arguments: handles of the listening socket and of the heart's, and this worker's number, under which it counts.
    """
    streams.open_missing()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # told to stop before it has started
    listener, connection, number = map(int, arguments)
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
    heart = Heart(socket.socket(fileno=connection))
    try:
        found = settings.load()
        logs.configure(found.log_level)
        hooks = Hooks(ready=heart.ready, second=heart.beat, last=heart.all_end)
        work(found, socket.socket(fileno=listener), hooks)
    except ServiceError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
