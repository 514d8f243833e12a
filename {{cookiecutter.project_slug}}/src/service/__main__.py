"""The command: ``python -m service [serve | health | settings | keys … | audit …]``."""

from __future__ import annotations

import argparse
import sys

from service import commands, settings
from service.errors import ServiceError
from service.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "settings":
            print(settings.table())
            return 0
        return int(chosen.run(settings.load(), chosen))
    except ServiceError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before it served; afterwards it ends in its own way
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service", description="The model service.")
    parser.set_defaults(run=_serve)
    actions = parser.add_subparsers(dest="command")
    actions.add_parser("serve", help="answer requests until told to stop (the default)").set_defaults(run=_serve)
    health = actions.add_parser("health", help="exit 0 if the service on this machine is ready, else 1")
    health.set_defaults(run=_health)
    actions.add_parser("settings", help="print all settings as a Markdown table")
    commands.add_keys(actions)
    commands.add_audit(actions)
    return parser


def _serve(found: Settings, chosen: argparse.Namespace) -> int:
    from service.server import serve

    return serve(found)


def _health(found: Settings, chosen: argparse.Namespace) -> int:
    from service.server import health

    return health(found)


if __name__ == "__main__":
    sys.exit(main())
