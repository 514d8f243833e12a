"""Fetching approved bundles for the service, and going back to an earlier one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from service import approval, serving
from service.errors import ServiceError
from training.errors import ApprovalError, RegistryError
from training.registry import Registry, Version
from training.settings import Settings
from training.storage import switch, write_folder


def pull(registry: Registry, number: str | None, settings: Settings) -> Path:
    """Fetch an approved version and make it the one that the service loads.

    It is checked exactly as the service will check it, before anything is switched.

    Args:
        registry: where the version is.
        number: which one; the champion when not given.
        settings: where bundles go and who may approve.

    Returns:
        The release's folder: ``bundle/`` and ``approval.json``.

    Raises:
        RegistryError: there is no such version, or none was approved.
        ApprovalError: the version is not approved, was withdrawn, or does not verify.
    """
    version = _choose(registry, number)
    home = settings.models / f"v{version.version}-{version.digest[7:19]}"
    try:
        _check(home, settings)  # may be here already
    except ServiceError:
        _fetch(registry, version, home)
        try:
            _check(home, settings)
        except ServiceError as error:
            raise ApprovalError(
                f"version {version.version}: {error.detail}", "do not serve it; approve another version"
            ) from error
    switch(settings.models / "current", home)
    return home


def rollback(registry: Registry, settings: Settings, by: str, reason: str) -> tuple[Version, Version]:
    """Withdraw the champion and return to the version approved before it.

    Returns:
        The withdrawn version and the new champion.

    Raises:
        RegistryError: nothing is in production, or there is nothing to go back to.
    """
    champion = registry.champion()
    if champion is None:
        raise RegistryError(f"{registry.model} has no approved version", "python -m training approve")
    earlier = [v for v in registry.versions() if v.servable and int(v.version) < int(champion.version)]
    if not earlier:
        raise RegistryError(
            f"there is no approved version before {champion.version} to go back to",
            "approve another version instead: python -m training approve VERSION",
        )
    registry.replace_champion(champion, earlier[0], by, reason)
    pull(registry, earlier[0].version, settings)
    return registry.version(champion.version), registry.version(earlier[0].version)


def _choose(registry: Registry, number: str | None) -> Version:
    version = registry.version(number) if number else registry.champion()
    if version is None:
        raise RegistryError(f"{registry.model} has no approved version", "python -m training approve, then pull again")
    if not version.servable:
        state = f"was withdrawn: {version.withdrawn}" if version.withdrawn else "is not approved"
        raise ApprovalError(f"version {version.version} {state}", f"python -m training approve {version.version}")
    return version


def _fetch(registry: Registry, version: Version, home: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fetched = registry.download(version, Path(folder))
        contents = {f"bundle/{path.name}": path.read_bytes() for path in fetched.iterdir()}
    write_folder(home, {**contents, approval.APPROVAL: version.approval.encode()})


def _check(home: Path, settings: Settings) -> None:
    serving.load(home, approval.load_approvers(settings.approvers), allow_self=settings.local)
