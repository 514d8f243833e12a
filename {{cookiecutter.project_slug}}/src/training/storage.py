"""Writing so that a crash, a full disk or a second process never leaves anything half-written under its final name."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from training.errors import StorageError


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A temporary name beside ``target``, to be moved over it when all is written; gone afterwards whatever happens.

    Raises:
        StorageError: it could not be written; what was there before is untouched.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except OSError as error:
        raise StorageError(
            f"{target}: cannot be written ({error.strerror or error})",
            "make room on the disk or the folder writable, then run the step again; nothing half-written was left",
        ) from error
    finally:
        if temporary.is_dir() and not temporary.is_symlink():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with suppress(OSError):
                temporary.unlink()


def write_file(target: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file whole: temporary name, fsync, rename.

    Raises:
        StorageError: it could not be written; what was there before is untouched.
    """
    with whole(target) as temporary:
        _write(temporary, data, mode)
        os.replace(temporary, target)
        _sync_folder(target.parent)


def write_folder(target: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder of files whole, replacing what was there.

    Raises:
        StorageError: it could not be written; what was there before is untouched.
    """
    with whole(target) as temporary:
        for name, data in contents.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data, 0o644)
        for folder in [temporary, *(p for p in temporary.rglob("*") if p.is_dir())]:
            _sync_folder(folder)
        _replace_folder(temporary, target)
        _sync_folder(target.parent)


def switch(link: Path, target: Path) -> None:
    """Point a link at another folder in one step: readers see the old one or the new one, never neither.

    Raises:
        StorageError: the link could not be made.
    """
    with whole(link) as temporary:
        os.symlink(os.path.relpath(target, link.parent), temporary)
        os.replace(temporary, link)
        _sync_folder(link.parent)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _replace_folder(new: Path, target: Path) -> None:
    """Rename over a folder. The one there steps aside first: a reader may find none, but never a mixture."""
    old = new.with_name(new.name + ".old")
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(new, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename last: the folder's own entry must reach the disk too."""
    if os.name == "nt":
        return  # Windows cannot open folders; its file system journals renames
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
