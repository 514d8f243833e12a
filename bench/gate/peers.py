"""Other tools that judge manifests: how each is found here, and asked for all its findings as JSON."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from serving.environments import Unavailable, environment

LOCK = Path(__file__).parent / "checkov" / "requirements.txt"


@dataclass(frozen=True)
class Peer:
    """A tool.

    Attributes:
        name: as its users call it.
        find: gives its program, or raises ``Unavailable`` with the reason.
        arguments: what is typed behind its name, before the file.
    """

    name: str
    find: Callable[[], Path]
    arguments: tuple[str, ...]

    def command(self, file: Path) -> tuple[object, ...]:
        """What judges a file. Raises ``Unavailable`` if the tool is not here."""
        return (self.find(), *self.arguments, file)


def locked() -> Path:
    return environment("checkov", LOCK) / "bin" / "checkov"


def on_path(name: str, install: str) -> Callable[[], Path]:
    def find() -> Path:
        found = shutil.which(name)
        if found is None:
            raise Unavailable(f"it is not on the PATH: {install}")
        return Path(found)

    return find


PEERS = (
    Peer("Checkov", locked, ("--framework", "kubernetes", "--skip-download", "--compact", "-o", "json", "-f")),
    Peer(
        "kube-score",
        on_path("kube-score", "go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0"),
        ("score", "--output-format", "json"),
    ),
    Peer(
        "kube-linter",
        on_path("kube-linter", "go install golang.stackrox.io/kube-linter/cmd/kube-linter@latest"),
        ("lint", "--format", "json"),
    ),
    Peer(
        "Polaris",
        on_path("polaris", "go install github.com/fairwindsops/polaris@latest"),
        ("audit", "--format", "json", "--audit-path"),
    ),
)
