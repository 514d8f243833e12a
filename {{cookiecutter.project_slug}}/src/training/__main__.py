"""The command: ``python -m training STEP``; exit code 0 done, 1 not good enough, 2 something is wrong."""

from __future__ import annotations

import sys

from training.errors import TrainingError


def main() -> int:
    """Run one step and return its exit code."""
    try:
        from training import settings

        settings.load()  # silences telemetry, so before any library that has some is imported
        from training.commands import cli

        cli(prog_name="python -m training")
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped; nothing half-written was left", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
