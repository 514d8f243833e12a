"""Writes files whole: a reader finds what was there before or all of what is new, whatever stops the writer."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Puts text into a file, through a new file that takes its place.

    What a link points at is replaced, not the link. A terminal or a pipe cannot be replaced and is written to.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    content = (encoded(piece) for piece in pieces)
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            file.writelines(content)
        return
    target = path.resolve()
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        with new.open("xb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    if hasattr(os, "O_DIRECTORY"):
        keep_name(target.parent)


def keep_name(folder: Path) -> None:
    """Forces a folder's list of names to the disk, without which a power cut could undo the replacing."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def encoded(text: str) -> bytes:
    """UTF-8. Bytes of a file's name that are no UTF-8 are spelled out, as ``\\udc80``, which JSON reads back."""
    return text.encode("utf-8", "backslashreplace")
