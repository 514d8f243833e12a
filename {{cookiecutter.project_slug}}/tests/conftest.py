"""Fixtures for the service's tests. Whatever a test asks for here is a real server, stopped afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "ORT_DISABLE_TELEMETRY": "1"}

import pytest

from running import Service, started


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A binary classifier, served; shared, so look only."""
    with started(tmp_path_factory.mktemp("binary")) as found:
        yield found


@pytest.fixture(scope="session")
def multiclass(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A classifier of numbers into three classes, served; shared, so look only."""
    with started(tmp_path_factory.mktemp("multiclass"), "multiclass") as found:
        yield found


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A regression, served; shared, so look only."""
    with started(tmp_path_factory.mktemp("regression"), "regression") as found:
        yield found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service of one's own, with a task and settings; stopped after the test."""
    with ExitStack() as stack:
        yield lambda task="binary", **changes: stack.enter_context(started(tmp_path, task, **changes))
