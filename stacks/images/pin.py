"""Writes beside the tag of each image that our files name the digest that its registry gives: ``NAME:TAG@sha256:…``.

A tag can be moved, a digest cannot. Images that charts name are the charts'; our own are named by whoever builds them.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stacks.platform.errors import StacksError

TEMPLATE = "{{cookiecutter.project_slug}}"
REFERENCE = r"(?P<name>[a-z0-9][\w./-]*(?::\d+/[\w./-]+)?:[\w][\w.-]*)(?P<digest>@sha256:[0-9a-f]{64})?"
PLACES = {
    f"{TEMPLATE}/Dockerfile": rf"^ARG PYTHON_IMAGE={REFERENCE}$",
    f"{TEMPLATE}/.gitlab-ci.yml": rf"^  (?:image: |services: \[){REFERENCE}",
    "stacks/registry/image/Dockerfile": rf"^ARG PYTHON_IMAGE={REFERENCE}$",
}
"""The files that name images, and how."""

MINUTE = 60


class CannotPin(StacksError):
    """A digest could not be had, so no file was changed."""


@dataclass(frozen=True)
class Named:
    """An image where a file names it.

    Attributes:
        file: where, from the repository's root.
        name: with its tag.
        digest: what is written now, with its ``@``; empty for none.
    """

    file: str
    name: str
    digest: str


def named(root: Path) -> list[Named]:
    """All images that the files name.

    Raises:
        CannotPin: a file names none in the way that is known here.
    """
    found = []
    for file, pattern in PLACES.items():
        matches = list(re.finditer(pattern, (root / file).read_text(encoding="utf-8"), re.MULTILINE))
        if not matches:
            raise CannotPin(f"{file} names no image as NAME:TAG; say in stacks/images/pin.py how it names them")
        found += [Named(file, match["name"], match["digest"] or "") for match in matches]
    return found


def pin(root: Path) -> Iterator[str]:
    """Bring every digest up to date; lines that tell what was changed.

    Raises:
        CannotPin: naming every image whose digest could not be had, and why.
    """
    places = named(root)
    digests = _resolved({place.name for place in places})
    for file, pattern in PLACES.items():
        text = (root / file).read_text(encoding="utf-8")
        _write(root / file, re.sub(pattern, lambda match: _pinned(match, digests), text, flags=re.MULTILINE))
    for place in places:
        new = f"@{digests[place.name]}"
        yield f"{place.file}: {place.name} {'is' if place.digest == new else 'now is'} {new}"


def _pinned(match: re.Match[str], digests: dict[str, str]) -> str:
    name: str = match["name"]
    return match[0].replace(name + (match["digest"] or ""), f"{name}@{digests[name]}")


def _resolved(names: Iterable[str]) -> dict[str, str]:
    """The digest of each."""
    digests, wrong = {}, []
    for name in sorted(names):
        try:
            digests[name] = digest(name)
        except CannotPin as error:
            wrong.append(f"  {error}")
    if wrong:
        raise CannotPin("\n".join(["no file was changed, as these digests could not be had:", *wrong]))
    return digests


def digest(name: str) -> str:
    """What the image's registry has under this tag: of an image for several platforms, the list of all of them.

    Raises:
        CannotPin: skopeo is not installed, or the registry does not answer, or has no such image.
    """
    command = ["skopeo", "inspect", "--raw", f"docker://{name}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MINUTE)
    except FileNotFoundError:
        raise CannotPin(f"{name}: skopeo is not on the PATH; install it (apt install skopeo)") from None
    except subprocess.TimeoutExpired:
        raise CannotPin(f"{name}: its registry did not answer within {MINUTE} seconds") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"skopeo ended with {done.returncode}"]
        message = re.search(r'msg="(.*)"$', said[-1])  # skopeo writes as a log does
        raise CannotPin(f"{name}: {message[1] if message else said[-1]}".replace('\\"', '"'))
    return f"sha256:{hashlib.sha256(done.stdout).hexdigest()}"


def _write(path: Path, text: str) -> None:
    """Replace a file in one step."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(path.stat().st_mode)
    os.replace(new, path)
