"""The ML Test Score: 28 tests, what counts as automated, what as manual, and that the weakest section decides."""

import dataclasses
import json
from collections import Counter
from datetime import timedelta

import pytest
from click.testing import CliRunner

from fixtures import NOW
from readiness.__main__ import cli
from readiness.facts import Facts
from readiness.facts.evidence import Evidence, Record
from readiness.facts.repository import Repository
from readiness.ml_test_score import ml_test_score
from readiness.ml_tests import TESTS

CI = "on: push\njobs:\n  check:\n    steps:\n      - run: {}\n"
TWICE = "def test_training_twice_gives_the_same_model():\n    assert train() == train()\n"
SIGNED = Record("ml-test", "", "prod", "", "pass", NOW, {"test": "model 2"}, "evidence/m2.json", signer="a@example.com")


def facts(folder, files, *records):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Facts(Repository.at(folder), evidence=Evidence(records), now=NOW)


def how(found, id):
    return next(one.how for section in found.sections.values() for one in section if one.test.id == id)


def test_there_are_seven_tests_in_each_of_four_sections():
    assert Counter(test.section for test in TESTS) == {"data": 7, "model": 7, "infrastructure": 7, "monitoring": 7}
    assert len({test.title for test in TESTS}) == 28


def test_a_test_that_ci_runs_gives_a_point_and_one_that_nothing_runs_gives_none(tmp_path):
    run = facts(tmp_path / "run", {".github/workflows/ci.yml": CI.format("pytest"), "tests/test_model.py": TWICE})
    idle = facts(tmp_path / "idle", {".github/workflows/ci.yml": CI.format("ls"), "tests/test_model.py": TWICE})
    hidden = facts(tmp_path / "h", {".github/workflows/ci.yml": CI.format("pytest || true"), "tests/test_a.py": TWICE})
    assert how(ml_test_score(run), "infrastructure 1") == "automated"
    assert how(ml_test_score(idle), "infrastructure 1") == "none"
    assert how(ml_test_score(hidden), "infrastructure 1") == "none"


def test_signed_evidence_gives_half_a_point(tmp_path):
    found = ml_test_score(facts(tmp_path, {"README.md": "x"}, SIGNED))
    assert how(found, "model 2") == "manual"
    assert found.sums == {"data": 0, "model": 0.5, "infrastructure": 0, "monitoring": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"signer": ""},
        {"result": "fail"},
        {"distrust": "its digest is another"},
        {"time": NOW - timedelta(days=366)},
        {"values": {"test": "model 3"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_evidence_that_is_unsigned_failed_edited_old_or_of_another_test_gives_nothing(tmp_path, change):
    found = ml_test_score(facts(tmp_path, {"README.md": "x"}, dataclasses.replace(SIGNED, **change)))
    assert how(found, "model 2") == "none"


def test_the_weakest_section_decides(tmp_path):
    records = [dataclasses.replace(SIGNED, values={"test": test.id}) for test in TESTS if test.section != "data"]
    found = ml_test_score(facts(tmp_path, {"README.md": "x"}, *records))
    assert found.sums["model"] == 3.5
    assert found.score == found.sums["data"] == 0


def test_an_empty_repository_passes_none_and_each_test_says_what_it_looks_for(tmp_path):
    empty = ml_test_score(facts(tmp_path, {"README.md": "x"}))
    assert empty.score == 0
    assert all(one.how == "none" and one.where for section in empty.sections.values() for one in section)


def test_check_reports_the_score_with_its_sections(tmp_path):
    (tmp_path / "README.md").write_text("x")
    answer = CliRunner().invoke(cli, ["check", str(tmp_path), "--format", "json"], standalone_mode=False)
    told = json.loads(answer.stdout_bytes)["ml_test_score"]
    assert told["score"] == 0
    assert list(told["sections"]) == ["data", "model", "infrastructure", "monitoring"]
    assert len(told["sections"]["data"]["tests"]) == 7
