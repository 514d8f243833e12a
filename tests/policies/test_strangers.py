"""Repositories as strangers write them, judged as an experienced reviewer would; the reasons: strangers/*.toml."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from fixtures import facts_of
from readiness import verdict
from readiness.checklist import ITEMS
from readiness.controls import catalogue
from readiness.facts.gathering import resources_of
from readiness.judge import judge

STRANGERS = Path(__file__).parent / "strangers"
NAMES = sorted(path.stem for path in STRANGERS.glob("*.toml") if path.name != "ruff.toml")


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_are_those_of_a_reviewer(name, tmp_path):
    expected = tomllib.loads((STRANGERS / f"{name}.toml").read_text(encoding="utf-8"))
    assert list(expected) == list(ITEMS), "one line for each item, in the order of the checklist"
    facts = facts_of(STRANGERS / name, tmp_path)
    facts = dataclasses.replace(facts, resources=resources_of(facts.repository, ()))
    results = judge(catalogue(), facts, whole=True)
    said = {id: one.verdict.value for id, one in verdict.items(catalogue(), results).items()}
    wrong = {id: (said[id], *expected[id], *because(id, results)) for id in ITEMS if said[id] != expected[id][0]}
    assert not wrong


def because(item, results):
    """What the gate gives as its reasons, for whoever reads a failure."""
    own = [one for one in results if one.control.item == item and one.verdict.value != "pass"]
    return [f"{one.control.id} {one.verdict.value}: {one.finding.message}" for one in own]


def test_each_stranger_has_expectations_and_each_expectation_a_reason():
    assert {path.name for path in STRANGERS.iterdir() if path.is_dir() and path.name[0] not in "._"} == set(NAMES)
    for name in NAMES:
        for verdict_, why in tomllib.loads((STRANGERS / f"{name}.toml").read_text(encoding="utf-8")).values():
            assert verdict_ in ("pass", "fail", "not-evaluated")
            assert why
