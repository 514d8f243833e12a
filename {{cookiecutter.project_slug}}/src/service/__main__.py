"""The command: ``python -m service [serve | health | settings | keys create NAME]``."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import urllib.error
import urllib.request

from service import auth, logs, settings
from service.errors import ServiceError, SettingsError
from service.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m service", description="The model service.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="answer requests until told to stop (the default)")
    commands.add_parser("health", help="exit 0 if the service on this machine is ready, else 1")
    commands.add_parser("settings", help="print all settings as a Markdown table")
    keys = commands.add_parser("keys", help="API keys").add_subparsers(dest="action", required=True)
    create = keys.add_parser("create", help="make a key, print it once, keep its hash")
    create.add_argument("name", help="who will hold it")
    chosen = parser.parse_args(arguments)
    if chosen.command == "settings":
        print(settings.table())
        return 0
    try:
        found = settings.load()
        if chosen.command == "health":
            return health(found)
        if chosen.command == "keys":
            print(auth.create_key(found.api_keys, chosen.name))
            return 0
        return serve(found)
    except ServiceError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before it served; afterwards it ends in its own way
        return 130


def serve(found: Settings) -> int:
    """Serve until SIGTERM or SIGINT; requests in flight are then finished within the grace period."""
    import uvicorn

    from service.app import create_app

    logs.configure(found.log_level)
    app = create_app(found)
    listener = _listen(found)
    port = listener.getsockname()[1]
    if found.local:
        _greet(found, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http="httptools",
        ws="none",
        timeout_graceful_shutdown=found.grace_seconds,
    )
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises these anew once it has stopped: that is no failure
        signal.signal(stop, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def health(found: Settings) -> int:
    """Ask the service on this machine whether it is ready."""
    host = "127.0.0.1" if found.host in {"0.0.0.0", "::"} else found.host
    try:
        with urllib.request.urlopen(f"http://{host}:{found.port}/readyz", timeout=3) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError) as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1


def _listen(found: Settings) -> socket.socket:
    """Bind before anything is announced, so that a port in use is a clear error."""
    family = socket.AF_INET6 if ":" in found.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((found.host, found.port))
    except OSError as error:
        raise SettingsError(
            f"{found.host}:{found.port} cannot be listened on ({error.strerror}); set SERVICE_PORT to a free port"
        ) from error
    return listener


def _greet(found: Settings, port: int) -> None:
    base = f"http://{found.host}:{port}"
    print(f"status  {base}/\ndocs    {base}/docs", file=sys.stderr)
    if not found.api_keys.exists():
        print(f"API key {auth.local_key(found.local_key)}   (also in {found.local_key})", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
