"""The environment is read once, and every wrong variable is named at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from process import SRC, running
from service import settings
from service.errors import SettingsError
from service.settings import Settings

FLOATS = sorted(name for name, field in Settings.model_fields.items() if field.annotation is float)
WAITS = ["reload_seconds", "deadline_seconds", "receive_seconds", "drain_seconds", "grace_seconds"]
WAITS += ["audit_fsync_seconds", "token_leeway"]


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
        ({"SERVICE_TLS_CERTIFICATE": "c.pem", "SERVICE_TLS_KEY": ""}, {"SERVICE_TLS_KEY"}),
        ({"SERVICE_DEGRADE": "cached"}, {"SERVICE_CACHE_BYTES"}),
        ({"SERVICE_DEGRADE": "cached", "SERVICE_CACHE_BYTES": "0"}, {"SERVICE_CACHE_BYTES"}),
        ({"SERVICE_DEGRADE": "cached", "SERVICE_CACHE_BYTES": "many"}, {"SERVICE_CACHE_BYTES"}),
        ({"SERVICE_DEGRADE": "fallback"}, {"SERVICE_FALLBACK"}),
        ({"SERVICE_DEGRADE": "default"}, {"SERVICE_DEFAULT_ANSWER"}),
    ],
)
def test_what_needs_another_variable_says_which(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], lacking: set[str]
) -> None:
    lines = wrong(monkeypatch, **given)
    assert {line.partition(":")[0] for line in lines} == lacking
    assert len(lines) == len(lacking)


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


@pytest.mark.parametrize("value", ["none", "None", "NONE "])
def test_no_record_is_kept_however_none_is_written(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SERVICE_AUDIT", value)
    assert settings.load().audit is None


@pytest.mark.parametrize("environment", ["prod", "local"])
def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("SERVICE_ENVIRONMENT", environment)
    usual = settings.load()
    for name in Settings.model_fields.keys() - {"environment"}:
        monkeypatch.setenv(f"SERVICE_{name.upper()}", "")
    assert settings.load() == usual


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("name", FLOATS)
def test_numbers_are_finite(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (line,) = wrong(monkeypatch, **{f"SERVICE_{name.upper()}": value})
    assert line == f"SERVICE_{name.upper()}: Input should be a finite number"


@pytest.mark.parametrize("name", WAITS)
def test_a_control_waits_for_an_hour_at_most(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"SERVICE_{name.upper()}", "3600")
    assert getattr(settings.load(), name) == 3600
    (line,) = wrong(monkeypatch, **{f"SERVICE_{name.upper()}": "3601"})
    assert line == f"SERVICE_{name.upper()}: Input should be less than or equal to 3600"


@pytest.mark.parametrize(("answer", "said"), [("0.5,x", "valid number"), ("0.5,inf", "finite"), ("nan,x", "finite")])
def test_a_default_answer_is_of_finite_numbers(monkeypatch: pytest.MonkeyPatch, answer: str, said: str) -> None:
    (line,) = wrong(monkeypatch, SERVICE_DEFAULT_ANSWER=answer)
    assert line.startswith("SERVICE_DEFAULT_ANSWER: ")
    assert said in line


@pytest.mark.parametrize("url", ["notaurl", "collector:4318", "ftp://collector", "http://", "http:///v1", "http://[a"])
def test_a_collector_is_a_url_with_a_host(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    (line,) = wrong(monkeypatch, SERVICE_OTLP=url)
    assert line.startswith("SERVICE_OTLP: ")


@pytest.mark.parametrize("url", ["http://collector:4318", "HTTPS://collector.example.org/otlp", "http://[::1]:4318"])
def test_a_collector_may_be_anywhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SERVICE_OTLP", url)
    assert settings.load().otlp == url


def test_a_variable_is_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = wrong(monkeypatch, service_degrade="refuse", Service_Host="0.0.0.0")
    assert lines == [
        "Service_Host: there is no such setting; did you mean SERVICE_HOST?",
        "service_degrade: there is no such setting; did you mean SERVICE_DEGRADE?",
    ]


@pytest.mark.parametrize("host", ["a..b", "192.0.2.1"])  # neither is looked up in a network
def test_an_address_that_is_not_of_this_machine_is_what_is_named(host: str) -> None:
    with running({"SERVICE_HOST": host, "SERVICE_PORT": "0"}, "-m", "service") as service:
        assert service.code() == 2
    (line,) = service.errors
    assert line.startswith(f"error: {host}:0 cannot be listened on (")
    assert line.endswith("; set SERVICE_HOST to an address of this machine\n")


def test_a_port_that_is_taken_is_what_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running({"SERVICE_PORT": port}, "-m", "service") as service:
            assert service.code() == 2
    (line,) = service.errors
    assert line.endswith("(Address already in use); set SERVICE_PORT to a free port\n")


def test_a_reader_may_leave_early() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "service", "settings"],
            env={**os.environ, "PYTHONPATH": str(SRC), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")
