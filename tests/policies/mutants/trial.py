"""Tries mutants on tests, as a plugin of pytest.

All is imported and collected once; each mutant has a process of its own, forked from there.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from mutants.placing import loaded, place
from mutants.source import Mutant, mutants

SECONDS = 60  # of computing: whoever needs more has no end, which is noticed


class Trial:
    """Tells of each mutant of some modules whether a test that executes the module fails with it."""

    def __init__(self, paths: list[Path], tell: Callable[[Mutant, bool], None]) -> None:
        self.paths, self.tell = paths, tell

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("a test cannot be collected")
        remember_facts()
        executed = {item: files_of(item) for item in session.items}
        gc.freeze()  # else each process copies what its collector only looks at
        for path in self.paths:
            at = loaded(path)
            items = [item for item, files in executed.items() if files & at.files]
            for mutant in mutants(path):
                self.tell(mutant, killed(partial(place, mutant.text, at), items))
        return True


def remember_facts() -> None:
    """Reads each fixture once: facts are only looked at, and most of a test's time goes into making them."""
    for module in list(sys.modules.values()):
        if make := vars(module).get("facts_of"):
            module.facts_of = cache(lambda case, _, make=make: make(case, _))


def files_of(item: pytest.Item) -> set[str]:
    """The files whose functions a test executes. It must pass."""
    files: set[str] = set()

    def seen(frame: FrameType, event: str, _: Any) -> None:
        files.add(frame.f_code.co_filename)

    sys.setprofile(seen)
    try:
        failed = fails(item)
    finally:
        sys.setprofile(None)
    if failed:
        pytest.exit(f"{item.nodeid} fails without a fault", 2)
    return files


def killed(change: Callable[[], None], items: list[pytest.Item]) -> bool:
    """Whether a test fails, in a process of its own, after a change."""
    if child := os.fork():
        return os.waitpid(child, 0)[1] != 0
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        change()
        code = 1 if any(fails(item) for item in items) else 0
    finally:
        os._exit(code)


def fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))
