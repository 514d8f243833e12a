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


def wrong(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    """What is said of an environment that will not do."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return caught.value.detail.splitlines()


def test_a_misspelt_variable_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = wrong(monkeypatch, SERVICE_API_KEY="keys.json")
    assert line == "SERVICE_API_KEY: there is no such setting; did you mean SERVICE_API_KEYS?"


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"SERVICE_TOKEN_ISSUER": "https://issuer"}, {"SERVICE_TOKEN_KEYS", "SERVICE_TOKEN_AUDIENCE"}),
        ({"SERVICE_TLS_CERTIFICATE": "c.pem"}, {"SERVICE_TLS_KEY"}),
        ({"SERVICE_TLS_CLIENT_CA": "ca.pem"}, {"SERVICE_TLS_CERTIFICATE"}),
        ({"SERVICE_DEGRADE": "cached"}, {"SERVICE_CACHE_BYTES"}),
        ({"SERVICE_DEGRADE": "fallback"}, {"SERVICE_FALLBACK"}),
        ({"SERVICE_DEGRADE": "default"}, {"SERVICE_DEFAULT_ANSWER"}),
    ],
)
def test_what_needs_another_variable_says_which(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], lacking: set[str]
) -> None:
    assert {line.partition(":")[0] for line in wrong(monkeypatch, **given)} == lacking


def test_errors_of_all_kinds_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = wrong(monkeypatch, SERVICE_PROT="80", SERVICE_RATE="fast", SERVICE_DEGRADE="cached", SERVICE_QUOTA="1/year")
    assert [line.partition(":")[0] for line in lines] == [
        "SERVICE_PROT",
        "SERVICE_CACHE_BYTES",
        "SERVICE_RATE",
        "SERVICE_QUOTA",
    ]
    assert "write 200/second" in lines[2]


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_MORE_BUNDLES", "a/current, b/current")
    monkeypatch.setenv("SERVICE_DEFAULT_ANSWER", "0.25,0.75")
    monkeypatch.setenv("SERVICE_AUDIT", "none")
    found = settings.load()
    assert found.more_bundles == (Path("a/current"), Path("b/current"))
    assert found.default_answer == (0.25, 0.75)
    assert found.audit is None
