"""The Pulumi CLI of the user, as one would type it in a stack's folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from stacks.drive.errors import CannotRun
from stacks.drive.order import Stack

INTERRUPTED = 130


class Cli:
    """Runs ``pulumi`` for one environment.

    Args:
        variables: the environment in which it runs.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    def run(self, stack: Stack, *arguments: str) -> int:
        """Run a command whose output and questions are the user's; returns its exit code.

        A Ctrl-C reaches Pulumi too, which then ends in good order: that is waited for.
        """
        process = subprocess.Popen(["pulumi", *arguments], cwd=stack.folder, env=self._variables)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue

    def ask(self, stack: Stack, *arguments: str) -> Any:
        """The JSON that a command answers with.

        Raises:
            CannotRun: it failed; the line is what Pulumi said.
        """
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(command, cwd=stack.folder, env=self._variables, capture_output=True, text=True)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise CannotRun([f"pulumi {arguments[0]}, {stack.name}: {said[-1].removeprefix('error: ')}"])
        return json.loads(done.stdout)
