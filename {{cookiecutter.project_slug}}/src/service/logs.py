"""JSON logs, one line an event. Feature values are never logged."""

from __future__ import annotations

import logging
import logging.config


def configure(level: str) -> None:
    """Send all logs to standard output as JSON lines with time, level, logger and message."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.msgspec.MsgspecFormatter",
                    "fmt": ["levelname", "name", "message"],
                    "rename_fields": {"levelname": "level", "name": "logger"},
                    "timestamp": True,
                }
            },
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
            },
            "root": {"level": level.upper(), "handlers": ["stdout"]},
        }
    )
