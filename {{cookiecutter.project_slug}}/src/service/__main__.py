"""The command: ``python -m service [serve | health | settings | keys … | audit …]``."""

from __future__ import annotations

import argparse
import os
import sys

from service import commands, settings, streams
from service.errors import ServiceError
from service.settings import Settings

PIPE_BROKE = 141
"""What a shell tells of a program that SIGPIPE ended."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    streams.open_missing()
    chosen = _parser().parse_args(arguments)
    try:
        return _serve(settings.load()) if chosen.command in {None, "serve"} else _print(chosen)
    except ServiceError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before it served; afterwards it ends in its own way
        return 130


def _print(chosen: argparse.Namespace) -> int:
    """Run a command that prints, to a reader who may leave early, as ``head`` does."""
    try:
        code = _settings() if chosen.command == "settings" else int(chosen.run(settings.load(), chosen))
        sys.stdout.flush()  # now: what fails at exit cannot be caught
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the rest, which is written at exit
        return PIPE_BROKE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service", description="The model service.")
    actions = parser.add_subparsers(dest="command")
    actions.add_parser("serve", help="answer requests until told to stop (the default)")
    health = actions.add_parser("health", help="exit 0 if the service on this machine is ready, else 1")
    health.set_defaults(run=_health)
    actions.add_parser("settings", help="print all settings as a Markdown table")
    commands.add_keys(actions)
    commands.add_audit(actions)
    return parser


def _serve(found: Settings) -> int:
    from service.server import serve

    return serve(found)


def _settings() -> int:
    """Also where the environment is wrong: that is when it is looked up."""
    print(settings.table())
    return 0


def _health(found: Settings, chosen: argparse.Namespace) -> int:
    from service.server import health

    return health(found)


if __name__ == "__main__":
    sys.exit(main())
