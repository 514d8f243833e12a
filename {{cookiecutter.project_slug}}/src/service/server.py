"""From settings to a service that runs, in this process or in several."""

from __future__ import annotations

import errno
import http.client
import logging
import signal
import socket
import sys
import time

from service import auth, logs
from service.errors import SettingsError
from service.settings import Settings

log = logging.getLogger("service")
MARGIN = 10.0
"""What workers may take to end beyond the periods of draining and grace, in seconds."""


def serve(found: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code.

    Raises:
        SettingsError: the settings do not allow it; names the variable.
    """
    began = time.perf_counter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # told to stop before it has started
    logs.configure(found.log_level)
    listener = _listen(found)

    def ready() -> None:
        _announce(found, listener.getsockname()[1], time.perf_counter() - began)

    if found.workers == 1:
        from service.http.server import Hooks
        from service.worker import work

        work(found, listener, Hooks(ready=ready))
        return 0

    from service.supervisor import Supervisor

    patience = found.drain_seconds + found.grace_seconds + MARGIN
    return Supervisor(found.workers, listener, ready, patience).run()


def health(found: Settings) -> int:
    """Ask the service on this machine whether it is ready; returns the exit code: 0 if it is.

    Raises:
        SettingsError: its key cannot be read.
    """
    host = "127.0.0.1" if found.host in {"0.0.0.0", "::"} else found.host
    try:
        connection = _connection(found, host)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1
    if answer.status != 200:
        print(f"not ready: {answer.read().decode(errors='replace')}", file=sys.stderr)
        return 1
    return 0


def _connection(found: Settings, host: str) -> http.client.HTTPConnection:
    if found.tls_key is None:
        return http.client.HTTPConnection(host, found.port, timeout=3)
    from service.tls import probe_context

    return http.client.HTTPSConnection(host, found.port, timeout=3, context=probe_context(found.tls_key))


def _listen(found: Settings) -> socket.socket:
    """Bind before anything is announced, so that an address that will not do is a clear error."""
    family = socket.AF_INET6 if ":" in found.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((found.host, found.port))
    except (OSError, UnicodeError) as error:  # UnicodeError: it cannot even be asked for as a name
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else error
        remedy = "SERVICE_HOST to an address of this machine" if _foreign(error) else "SERVICE_PORT to a free port"
        raise SettingsError(f"{found.host}:{found.port} cannot be listened on ({reason}); set {remedy}") from error
    return listener


def _foreign(error: Exception) -> bool:
    """Whether the host is what is wrong, not the port."""
    unknown = isinstance(error, (socket.gaierror, UnicodeError))
    return unknown or (isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL)


def _announce(found: Settings, port: int, seconds: float) -> None:
    host = f"[{found.host}]" if ":" in found.host else found.host
    base = f"{'https' if found.tls_certificate else 'http'}://{host}:{port}"
    log.info("ready", extra={"url": base, "workers": found.workers, "seconds": round(seconds, 3)})
    if not found.local:
        return
    print(f"status  {base}/\ndocs    {base}/docs", file=sys.stderr)
    print(f"API key {auth.local_key(found.local_key)}   (also in {found.local_key})", file=sys.stderr)
