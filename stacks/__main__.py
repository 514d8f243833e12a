"""The commands over all stacks: ``python -m stacks VERB ENV [STACK…]``. See ``--help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import get_args

from stacks.cost.command import cost
from stacks.drive import compare, order, shell
from stacks.drive.driver import Driver
from stacks.drive.errors import CannotRun
from stacks.platform.errors import StacksError
from stacks.platform.settings import Environment

VERBS = {
    "preview": "show what `up` would do",
    "up": "bring the stacks up, in order",
    "down": "take them down, in reverse",
    "outputs": "print their outputs as JSON, secrets hidden",
    "diff": "show how the settings of ENV differ from the other environments'",
    "cost": "estimate what a month costs, from what the programs would make",
}


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit code: 0 done, 1 Pulumi failed, 2 something was missing or wrong before."""
    chosen = _parser().parse_args(arguments)
    try:
        stacks = order.chosen(chosen.stacks)
        if chosen.verb == "diff":
            print("\n".join(compare.differences(chosen.environment, stacks)))
        elif chosen.verb == "cost":
            print("\n".join(cost(chosen.environment, stacks, chosen.load)))
        else:
            driver = Driver(shell.look(), chosen.environment, stacks, chosen.yes)
            getattr(driver, chosen.verb)()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return error.code
    except StacksError as error:
        print(error, file=sys.stderr)
        return CannotRun.code
    return 0


def _load(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("more than 0")
    return number


def _parser() -> argparse.ArgumentParser:
    verbs = "\n".join(f"  {verb:8} {meaning}" for verb, meaning in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="python -m stacks",
        description=f"The stacks of an environment, in their order.\n\n{verbs}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB")
    parser.add_argument("environment", choices=get_args(Environment), metavar="ENV", help="dev, staging or prod")
    names = ", ".join(stack.name for stack in order.ORDER)
    parser.add_argument("stacks", nargs="*", metavar="STACK", help=f"of {names}; all by default")
    parser.add_argument("--yes", action="store_true", help="up, down: do it without asking")
    parser.add_argument(
        "--load", type=_load, default=100.0, metavar="N", help="cost: predictions a second, all month long (100)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
