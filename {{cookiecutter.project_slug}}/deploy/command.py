"""What `make deploy` and `make rollback-release` run: Pulumi's own command, with what is released written down first.

python -m deploy.command up ENVIRONMENT [--image IMAGE] [--pull-image IMAGE] [--model VERSION] [--yes]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from deploy import history
from deploy.errors import DeployError
from deploy.follow import Place, TakenBack, follow
from deploy.settings import Environment

FOLDER = Path(__file__).resolve().parent
RELEASED = {"image": "image", "pull_image": "pull_image", "model": "model_version"}
"""Options, and the settings that they write."""


class Pulumi:
    """Pulumi's command, on one stack of this project.

    Args:
        environment: the stack's name.
    """

    def __init__(self, environment: str) -> None:
        self._environment = environment

    def read(self, *words: str) -> Any:
        """What a command tells as JSON; nothing if it tells nothing."""
        said = self._run([*words, "--stack", self._environment, "--json"], stdout=subprocess.PIPE)
        return json.loads(said or "null")

    def do(self, *words: str) -> None:
        """Run a command; what it says comes as it says it."""
        self._run([*words, "--stack", self._environment])

    def begin(self) -> None:
        """Make the stack if there is none."""
        self._run(["stack", "select", "--create", self._environment])

    def _run(self, words: Sequence[str], stdout: int | None = None) -> str:
        done = subprocess.run(["pulumi", "-C", str(FOLDER), *words], stdout=stdout, text=True, check=False)
        if done.returncode:
            raise DeployError(f"pulumi {' '.join(words[:2])} ended with {done.returncode}; it says why above")
        return done.stdout or ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 the release was taken back, 2 something is wrong or missing."""
    chosen = _parser().parse_args(arguments)
    try:
        _need()
        pulumi = Pulumi(chosen.environment)
        pulumi.begin()
        chosen.run(pulumi, chosen)
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, TakenBack) else 2
    return 0


def _up(pulumi: Pulumi, chosen: argparse.Namespace) -> None:
    """Write down what is released, then release it."""
    for option, key in RELEASED.items():
        if value := getattr(chosen, option):
            pulumi.do("config", "set", key, value)
    _release(pulumi, chosen)


def _rollback(pulumi: Pulumi, chosen: argparse.Namespace) -> None:
    """Go back to the settings of the release before: all of them, as any may be the reason."""
    _restore(pulumi, chosen.environment)
    _release(pulumi, chosen)


def _restore(pulumi: Pulumi, environment: str) -> None:
    """Write the settings of the release before into the settings file.

    Raises:
        NothingBefore: there is none.
    """
    former, present = history.before(pulumi.read("stack", "history") or []), pulumi.read("config") or {}
    for key in sorted(present.keys() - former.keys()):
        pulumi.do("config", "rm", key)
    pulumi.do("config", "set-all", "--json", json.dumps(former))
    print(f"deploy/Pulumi.{environment}.yaml is as it was before; commit it", file=sys.stderr)


def _release(pulumi: Pulumi, chosen: argparse.Namespace) -> None:
    """Have Pulumi do it; where Argo Rollouts then goes on by itself, wait for the outcome.

    Raises:
        TakenBack: the new version did badly. Settings and state then are those of the old one, as the cluster is.
    """
    pulumi.do("up", *(["--yes"] if chosen.yes else []))
    workload = (pulumi.read("stack", "output") or {}).get("workload", {})
    if workload.get("kind") != "Rollout":
        return
    try:
        follow(Place(workload["name"], workload["namespace"], workload.get("context") or ""))
    except TakenBack:
        # Or the next roll back would return to what was found bad today.
        with suppress(history.NothingBefore):
            _restore(pulumi, chosen.environment)
            pulumi.do("up", "--yes", "--skip-preview")
        raise


def _need() -> None:
    """Say at once what is missing.

    Raises:
        DeployError: naming it, and what to install or set.
    """
    if not shutil.which("pulumi"):
        raise DeployError("pulumi is not on the PATH: install the Pulumi CLI, https://www.pulumi.com/docs/install")
    told = any(os.environ.get(name) for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"))
    if not told and not os.environ.get("PULUMI_ACCESS_TOKEN"):
        raise DeployError(
            "PULUMI_CONFIG_PASSPHRASE is not set: it encrypts secrets in the state (or log in to Pulumi Cloud by "
            "PULUMI_ACCESS_TOKEN)"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.command", description="Put a release on a cluster.")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="release what the settings and these options say")
    rollback = commands.add_parser("rollback", help="return to the release before")
    for command, run in ((up, _up), (rollback, _rollback)):
        command.add_argument("environment", choices=get_args(Environment))
        command.add_argument("--yes", action="store_true", help="do not ask")
        command.set_defaults(run=run)
    up.add_argument("--image", help="the service's image: NAME@sha256:…")
    up.add_argument("--pull-image", help="the image that fetches the model: NAME@sha256:…")
    up.add_argument("--model", help="the model's version in the registry")
    return parser


if __name__ == "__main__":
    sys.exit(main())
