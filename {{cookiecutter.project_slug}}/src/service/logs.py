"""JSON logs on standard output, one line an event. Secrets are taken out of them; feature values are never logged."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.msgspec import MsgspecFormatter

from service.call import Call
from service.lines import Lines
from service.redaction import plain

STDOUT = Lines()
"""Standard output of this process, for all that logs to it."""
RETRY = 0.1
"""Time until what a slow reader left behind is offered again, in seconds."""


def configure(level: str, lines: Lines = STDOUT) -> None:
    """Send all logs of all libraries to standard output as JSON lines with timestamp, level, logger and message.

    Args:
        level: the least that is logged.
        lines: where to.
    """
    handler = _Handler(lines)
    handler.setFormatter(
        _Formatter(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn's message again, with terminal colours
            timestamp=True,
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class _Formatter(MsgspecFormatter):
    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {"timestamp": log_data.pop("timestamp"), **plain(log_data)}


class _Handler(logging.Handler):
    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.add(self.format(record).encode() + b"\n")
        except Exception:
            self.handleError(record)
        self._lines.flush()

    def handleError(self, record: logging.LogRecord) -> None:
        """Say where a record came from that cannot be told. (The usual way prints its arguments, secrets included.)"""
        line = {
            "timestamp": datetime.now(UTC),
            "level": "ERROR",
            "logger": __name__,
            "message": "a log record cannot be told",
            "from": f"{record.pathname}:{record.lineno}",
            "error": getattr(sys.exc_info()[0], "__name__", ""),
        }
        self._lines.add(msgspec.json.encode(line) + b"\n")

    def flush(self) -> None:
        self._lines.flush()

    def close(self) -> None:
        self._lines.close()
        super().close()


class _Entry(msgspec.Struct, omit_defaults=True):
    """The line of one request, in the order in which it is written."""

    timestamp: datetime
    level: str
    logger: str
    message: str
    request_id: str
    method: str
    route: str
    status: int
    milliseconds: float
    trace_id: str = ""
    principal: str = ""
    model: str = ""
    version: str = ""
    rows: int = 0
    batch: int = 0
    cached: bool = False
    degraded: str = ""
    error: str = ""
    features: Any = None


class AccessLog:
    """One line for each request. It goes past :mod:`logging`, which takes longer than a prediction.

    Lines of one turn of the event loop are written together at its end; without a running loop, at once. For use by
    the loop's own thread.

    Args:
        level: the least that is logged; requests are ``info``.
        quiet: routes whose requests are only ``debug``.
        lines: where to.
    """

    def __init__(self, level: str, quiet: frozenset[str] = frozenset(), lines: Lines = STDOUT) -> None:
        least = logging.getLevelNamesMapping()[level.upper()]
        self._usual = "INFO" if least <= logging.INFO else ""
        self._levels = dict.fromkeys(quiet, "DEBUG" if least <= logging.DEBUG else "")
        self._lines = lines
        self._pending: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # whose turn's end is awaited
        self._waiting: asyncio.AbstractEventLoop | None = None  # which offers again what a slow reader left
        self._encode = msgspec.json.Encoder().encode

    def write(self, call: Call, features: object | None = None) -> None:
        """Log a request that was answered.

        Args:
            call: the request.
            features: its rows, where the settings allow them to be logged.
        """
        level = self._levels.get(call.route, self._usual)
        if not level:
            return
        self._pending.append(self._line(call, level, features))
        if self._loop is not None and self._loop.is_running():  # asking which loop runs would be a system call
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        self._loop = loop
        loop.call_soon(self._end_turn)

    def flush(self) -> bool:
        """Write what is pending; returns whether it is all written, and not waiting for a slow reader."""
        pending, self._pending = self._pending, []
        if pending:
            self._lines.add(b"\n".join(pending) + b"\n")
        return self._lines.flush()

    def _end_turn(self) -> None:
        loop, self._loop = self._loop, None
        if not self.flush() and loop is not None and loop is not self._waiting:
            self._waiting = loop
            loop.call_later(RETRY, self._offer_again)

    def _offer_again(self) -> None:
        self._loop, self._waiting = self._waiting, None
        self._end_turn()

    def _line(self, call: Call, level: str, features: object | None) -> bytes:
        entry = _Entry(
            datetime.now(UTC),
            level,
            "service.access",
            "request",
            call.request_id,
            call.method,
            call.route,
            call.status,
            int((time.perf_counter() - call.began) * 1e6) / 1e3,
            call.trace_id,
            call.principal,
            call.model,
            call.version,
            call.rows,
            call.batch,
            call.cached,
            call.degraded,
            call.error,
            features,
        )
        try:
            return self._encode(entry)
        except (TypeError, ValueError, OverflowError):  # text that is no Unicode, or features that are no plain data
            return self._encode({name: value for name, value in plain(msgspec.structs.asdict(entry)).items() if value})
