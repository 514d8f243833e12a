"""The environment is read once, and every wrong variable is named at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service import settings
from service.errors import SettingsError


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)


def test_an_empty_environment_means_production() -> None:
    found = settings.load()
    assert (found.environment, found.local, found.pages) == ("prod", False, "key")
    assert (found.host, found.port) == ("127.0.0.1", 8080)


def test_each_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_BUNDLE", "/models/current")
    monkeypatch.setenv("SERVICE_MAX_ROWS", "7")
    monkeypatch.setenv("SERVICE_PAGES", "open")
    found = settings.load()
    assert (found.bundle, found.max_rows, found.pages) == (Path("/models/current"), 7, "open")


def test_pages_are_open_locally_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_ENVIRONMENT", "local")
    assert settings.load().pages == "open"
    monkeypatch.setenv("SERVICE_PAGES", "key")
    assert settings.load().pages == "key"


def test_all_wrong_variables_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"PORT": "eighty", "ENVIRONMENT": "moon", "RELOAD_SECONDS": "0", "MAX_ROWS": "-1", "LOG_LEVEL": "loud"}
    for name, value in wrong.items():
        monkeypatch.setenv(f"SERVICE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    lines = caught.value.detail.splitlines()
    assert {line.partition(":")[0] for line in lines} == {f"SERVICE_{name}" for name in wrong}
    assert any("'local', 'dev', 'staging' or 'prod'" in line for line in lines)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.load().port = 1  # type: ignore[misc]
