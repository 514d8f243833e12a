"""What must be there before a stack is run: each thing that is not gives one line that says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files as package_files

from stacks.drive import kubeconfig
from stacks.drive.files import SettingsFile
from stacks.drive.shell import Shell

CLI = "install the Pulumi CLI: https://www.pulumi.com/docs/install"
PACKAGES = {"aws": ("aws", "kubernetes", "random", "tls"), "kubernetes": ("kubernetes", "random", "tls")}
"""Providers by the cloud in which a stack lives."""


def tools(shell: Shell) -> Iterator[str]:
    """Lines for what is missing of the CLI itself."""
    pulumi = shell.find("pulumi")
    if pulumi is None:
        yield f"pulumi is not on the PATH: {CLI}"
    elif not (shell.find("pulumi-language-python") or (pulumi.parent / "pulumi-language-python").exists()):
        yield f"{pulumi} came without pulumi-language-python, which runs Python programs: {CLI}"


def passphrase(shell: Shell, backend: str, files: Iterable[SettingsFile]) -> Iterator[str]:
    """A line if the state's secrets could not be encrypted. Pulumi Cloud or a key service in the file need nothing."""
    if backend.startswith("https://") or all(file.secrets_provider not in ("", "passphrase") for file in files):
        return
    if shell.passphrase_file is not None:
        if not shell.passphrase_file.is_file():
            yield f"PULUMI_CONFIG_PASSPHRASE_FILE names {shell.passphrase_file}, which is no file"
    elif shell.passphrase is None:
        yield "PULUMI_CONFIG_PASSPHRASE is not set: it encrypts the secrets in the state; choose one and keep it safe"
    elif not shell.passphrase:
        yield "PULUMI_CONFIG_PASSPHRASE is empty: anybody could read the secrets in the state; choose one"


def clouds(shell: Shell, files: Iterable[SettingsFile]) -> Iterator[str]:
    """Lines for what the chosen clouds need: plugins, credentials, a cluster."""
    settings = list(files)
    found = {file.text("cloud") for file in settings}
    for package in sorted({package for cloud in found for package in PACKAGES.get(cloud, ())}):
        yield from _plugin(shell, package)
    if "aws" in found and "aws" not in shell.attached:
        if not shell.aws_told:
            yield "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (aws configure)"
        if shell.find("aws") is None:
            yield "aws is not on the PATH: it signs in to EKS; install the AWS CLI: https://aws.amazon.com/cli"
    if "kubernetes" in found and "kubernetes" not in shell.attached:
        contexts = {file.text("context") for file in settings if file.text("cloud") == "kubernetes"}
        for context in sorted(contexts - {""}) or [""]:
            yield from kubeconfig.problems(shell.kubeconfigs, context)


def _plugin(shell: Shell, package: str) -> Iterator[str]:
    """A line if a plugin is not there and Pulumi may not fetch it."""
    if shell.downloads or package in shell.attached:
        return
    told = package_files(f"pulumi_{package}").joinpath("pulumi-plugin.json")
    version = json.loads(told.read_text(encoding="utf-8"))["version"]
    kept = shell.plugins / f"resource-{package}-v{version}"
    if not (kept.exists() or shell.find(f"pulumi-resource-{package}")):
        yield f"plugin {package} {version} is missing: pulumi plugin install resource {package} {version}"
