"""Secrets in files: where they stand, what only looks like one, and what looks for them in CI."""

import json

import pytest
from judged import ci, refuses, verdicts

from readiness.control import Verdict

SECRET = "corr" + "ect7horse"  # in two parts, so that no scanner takes it for one
KEY = "AKIA" + "ABCDEFGHIJKLMNOP"


def notebook(code):
    return json.dumps({"cells": [{"cell_type": "code", "source": code}]})


def holds_a_secret(name, text):
    return refuses("S2.no-secret-in-files", files={name: text})


@pytest.mark.parametrize(
    ("code", "secret"),
    [
        (f"API_KEY = '{SECRET}'", True),
        (f"API_KEY: str = '{SECRET}'", True),
        ("API_KEY: str", False),
        ("API_KEY = 1234567", False),
        (f"OTHER = API_KEY = '{SECRET}'", True),
        (f"X_TOKEN = '{SECRET}'", True),
        (f"XTOKEN = '{SECRET}'", False),
        (f"self.api_key = '{SECRET}'", True),
        (f"api_key.name = '{SECRET}'", False),
        (f"settings['api_key'] = '{SECRET}'", True),
        (f"settings['x-token'] = '{SECRET}'", True),
        (f"connect(password='{SECRET}')", True),
        (f"connect(user='{SECRET}')", False),
        (f"connect(**{{'user': '{SECRET}'}})", False),
        ("connect(password=password)", False),
        (f"self.token == '{SECRET}'", True),
        (f"'' < token < '{SECRET}'", False),
        (f"{{'user': 'ada', 'password': '{SECRET}', **others}}", True),
        (f"{{'': '{SECRET}', 1: '{SECRET}'}}", False),
    ],
)
def test_literals_of_code(code, secret):
    assert holds_a_secret("app.py", code) is secret
    assert holds_a_secret("a.ipynb", notebook(code)) is secret
    assert not holds_a_secret("tests/app.py", code)


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("README.md", KEY, True),
        ("web.onnx", KEY, False),
        ("uv.lock", KEY, False),
        ("requirements.txt", f"--index-url https://ci:{SECRET}@pypi.internal/simple", True),
        ("data.bytes", b"\0" + KEY.encode(), False),
        ("a.ipynb", notebook(f"api_key = '{SECRET}'").replace("api", "ap\\u0069"), True),
        ("a.ipynb", notebook("pip install"), False),
        *(("web.env", f"API_KEY={SECRET}  # {mark}", False) for mark in ("pragma: allowlist secret", "nosec")),
        ("web.env", f"API_KEY={SECRET}  # gitleaks:allow", False),
        ("web.env", f"A=1  # nosec\nAPI_KEY={SECRET}\nB=1  # nosec", True),
        ("web.txt", f"API_KEY={SECRET}", False),
    ],
)
def test_files(name, text, secret):
    assert holds_a_secret(name, text) is secret


def test_a_file_that_only_begins_like_text_is_not_taken_for_one_without_secrets():
    assert verdicts("S2.no-secret-in-files", files={"a.txt": b"a" * 8000 + b"\0"}) == {Verdict.NOT_EVALUATED}


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [(".env", False), ("/.env", False), (" .env ", False), ("*.log\n.env", False), ("X.env", True), (".env/", True)],
)
def test_environments_that_git_ignores(patterns, kept):
    assert refuses("S2.no-env-file", files={".env": "A=1", ".gitignore": patterns}) is kept


@pytest.mark.parametrize(
    ("command", "scans"),
    [
        *((f"{tool} --all", True) for tool in ("gitleaks", "detect-secrets-hook", "ggshield", "git-secrets")),
        *((f"{tool} --all", True) for tool in ("talisman", "whispers")),
        ("trufflehog git . --fail", True),
        ("trufflehog git .", False),
        ("trivy fs --scanners secret --exit-code 1 .", True),
        *((f"trivy fs --scanners secret {stop} .", False) for stop in ("", "--exit-code 0", "--exit-code=0")),
        ("trivy fs --exit-code 1 .", False),
        ("detect-secrets --baseline .secrets.baseline", True),
        ("detect-secrets scan", False),
    ],
)
def test_scans_for_secrets(command, scans):
    assert refuses("S2.secrets-scanned", files=ci(command)) is not scans
