"""Where the state is kept."""

from __future__ import annotations

import json
import subprocess

from stacks.drive.errors import CannotRun
from stacks.drive.shell import Shell

SHARED = (
    "set PULUMI_BACKEND_URL to s3://BUCKET?region=REGION, or to https://api.pulumi.com with PULUMI_ACCESS_TOKEN set "
    "(or to a file:// address, if you mean it)"
)


def choose(shell: Shell, environment: str) -> str:
    """The address of the state: PULUMI_BACKEND_URL, else where the user is logged in, else for dev a folder at home.

    Raises:
        CannotRun: state that others must find, too, would be nowhere or on this machine.
    """
    if shell.backend:
        return shell.backend
    found = _logged_in(shell)
    if environment == "dev":
        return found or f"file://{shell.home}"
    if not found:
        raise CannotRun([f"PULUMI_BACKEND_URL is not set and Pulumi is not logged in: {SHARED}"])
    if found.startswith("file:"):
        raise CannotRun([f"the state of {environment} would be on this machine only ({found}): {SHARED}"])
    return found


def _logged_in(shell: Shell) -> str:
    command = ["pulumi", "whoami", "--json", "--verbose", "--non-interactive"]
    done = subprocess.run(command, env=shell.variables, capture_output=True, text=True)
    return str(json.loads(done.stdout)["url"]) if done.returncode == 0 else ""
