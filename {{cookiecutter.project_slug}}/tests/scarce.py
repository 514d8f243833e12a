"""A machine that is short of something, for a while."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open no file."""
    with limited(resource.RLIMIT_NOFILE, 3):
        yield


@contextmanager
def no_more_room() -> Iterator[None]:
    """No file of this process can grow, or have content."""
    with limited(resource.RLIMIT_FSIZE, 0):
        yield


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    limits = resource.getrlimit(what)
    resource.setrlimit(what, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, limits)
