"""Figures: `python bench [template | scale | serving | gate]`, all by default. See the README beside this file."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import replace

import scale
from gate import run as gate
from serving.plan import QUICK, Plan
from serving.run import run
from serving.servers import SERVERS

import template


def main() -> int:
    """Read the command line and measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python bench", description="Measure, each figure beside a baseline.")
    parser.add_argument("what", nargs="?", choices=("template", "scale", "serving", "gate", "all"), default="all")
    parser.add_argument(
        "--quick", action="store_true", help="one short round of serving or gate: that it works, not how fast"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of serving: 5")
    names = [server.name for server in SERVERS]
    parser.add_argument("--only", nargs="+", choices=names, default=(), metavar="NAME", help=f"of {', '.join(names)}")
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else Plan()
    if chosen.rounds:
        plan = replace(plan, rounds=chosen.rounds)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: what was started is stopped
    try:
        if chosen.what in ("template", "all"):
            template.run()
        if chosen.what in ("scale", "all"):
            scale.run()
        if chosen.what in ("serving", "all"):
            run(plan, chosen.only)
        if chosen.what in ("gate", "all"):
            gate.run(chosen.quick)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
