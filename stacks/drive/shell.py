"""What the shell of the user says: the one place that reads the environment for the commands."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

AWS_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Any of them means that the AWS SDK has a source of credentials."""


@dataclass(frozen=True)
class Shell:
    """Where tools are, and what they were told.

    Attributes:
        home: the user's folder.
        variables: the environment for Pulumi: the user's, with this Python first on the PATH, as it runs the programs.
        backend: PULUMI_BACKEND_URL; empty if it is not set.
        passphrase: the passphrase itself; None if it is not set.
        passphrase_file: a file that has it; None if it is not set.
        kubeconfigs: the files that KUBECONFIG names, or the usual one.
        downloads: whether Pulumi may fetch plugins.
        plugins: where it keeps them.
        attached: the providers that run already, by package.
        aws_told: whether a variable or file has, or leads to, AWS credentials.
        terminal: whether somebody can be asked.
    """

    home: Path
    variables: dict[str, str]
    backend: str
    passphrase: str | None
    passphrase_file: Path | None
    kubeconfigs: tuple[Path, ...]
    downloads: bool
    plugins: Path
    attached: frozenset[str]
    aws_told: bool
    terminal: bool

    def find(self, command: str) -> Path | None:
        """Where a command is."""
        found = shutil.which(command, path=self.variables.get("PATH"))
        return Path(found) if found else None


def look() -> Shell:
    """Read the environment."""
    own = os.environ
    home = Path.home()
    file = own.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    listed = own.get("KUBECONFIG") or str(home / ".kube" / "config")
    attached = own.get("PULUMI_DEBUG_PROVIDERS", "")
    return Shell(
        home=home,
        variables={**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"},
        backend=own.get("PULUMI_BACKEND_URL", ""),
        passphrase=own.get("PULUMI_CONFIG_PASSPHRASE"),
        passphrase_file=Path(file) if file else None,
        kubeconfigs=tuple(Path(part) for part in listed.split(os.pathsep) if part),
        downloads=own.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "").lower() not in ("1", "true"),
        plugins=Path(own.get("PULUMI_HOME") or home / ".pulumi") / "plugins",
        attached=frozenset(part.split(":")[0] for part in attached.split(",") if part),
        aws_told=any(map(own.get, AWS_VARIABLES)) or _aws_files(home) or _in_ec2(),
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
    )


def _aws_files(home: Path) -> bool:
    files = (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", home / ".aws" / "credentials"),
        os.environ.get("AWS_CONFIG_FILE", home / ".aws" / "config"),
    )
    return any(Path(file).exists() for file in files)


def _in_ec2() -> bool:
    """Whether this machine may have credentials by its role."""
    vendor = Path("/sys/devices/virtual/dmi/id/sys_vendor")
    return vendor.exists() and "Amazon" in vendor.read_text(encoding="utf-8", errors="replace")
