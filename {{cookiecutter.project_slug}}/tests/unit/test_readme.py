"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from service import settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_settings_class() -> None:
    written = README.partition("<!-- settings:begin -->")[2].partition("<!-- settings:end -->")[0].strip()
    assert written == settings.table(), "paste the output of: python -m service settings"


def test_what_it_says_of_cost_is_what_prod_is_given() -> None:
    text = (ROOT / "deploy/Pulumi.prod.yaml").read_text(encoding="utf-8")
    given = {key.rpartition(":")[2]: value for key, value in yaml.safe_load(text)["config"].items()}
    scaling, resources, volume = given["scaling"], given["resources"], given["audit_volume"]
    told = README.partition("## What it costs")[2].partition("\n## ")[0]
    assert f"{scaling['minimum']} to {scaling['maximum']} replicas" in told
    assert f"{resources['cpu']} CPU and {resources['memory']} of memory, and {volume['size']} for" in told


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M))
    assert "demo" in named
    assert named <= targets


def test_every_file_it_names_exists() -> None:
    made_later = {
        "MODEL_CARD.md",
        "mlflow.db",
        "models/current",
        ".local/request.json",
        ".local/api-key",
        ".venv/bin/python",
        ".venv/bin/dvc",
    }
    named = set(re.findall(r"`((?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:yaml|toml|md|txt|db))`", README))
    files = {name for name in named if not name[0].isdigit()} - made_later  # 200/second is none
    missing = {name for name in files if not (ROOT / name).exists()}
    assert not missing
