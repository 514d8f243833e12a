"""The gate where people meet it: before a commit, as pre-commit runs its hook, and in the CI of three providers."""

import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from commands import git, readiness, stranger

from readiness.facts import Facts
from readiness.facts.repository import Repository
from repository import ROOT

README = (ROOT / "policies" / "README.md").read_text(encoding="utf-8")
STEPS = {
    found["path"]: found["text"]
    for found in re.finditer(r"```\w+\n(?://|#) (?P<path>\S+)\n(?P<text>.*?)```", README, re.DOTALL)
}
CI = (".github/workflows/readiness.yml", ".gitlab-ci.yml", "Jenkinsfile")


@pytest.fixture
def repo(tmp_path):
    return stranger("good-service", tmp_path)


def test_pre_commit_runs_the_hook_of_this_repository(repo, tmp_path):
    """It is installed as for anybody: cloned, built into an environment of its own, run in the service's repository."""

    def hook():
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "readiness", "--verbose"]
        known = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "kept"), "PYTHONPATH": ""}
        done = subprocess.run(command, cwd=repo, env=known, capture_output=True, text=True, timeout=540)
        return done.returncode, done.stdout + done.stderr

    code, said = hook()
    assert code == 1, said
    assert "M1.metrics-scraped" in said
    assert "D5.rollback-drill" not in said  # evidence is not what a commit changes
    for control in ("M1.metrics-scraped", "R4.load-test-judges"):
        why = ("--reason", "The platform's repository holds it", "--owner", "ada@example.org")
        assert readiness(repo, "waive", control, *why, "--until", tomorrow())[0] == 0
    git(repo, "add", "--all")
    code, said = hook()
    assert code == 0, said
    assert "with 2 waivers" in said


def tomorrow():
    return (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_the_root_installs_the_same_package_as_the_folder():
    root, own = (tomllib.loads((ROOT / path).read_text()) for path in ("pyproject.toml", "policies/pyproject.toml"))
    assert root["project"] == own["project"]
    assert root["build-system"] == own["build-system"]


def test_the_readme_has_steps_for_each_provider():
    assert set(STEPS) == {*CI, ".pre-commit-config.yaml"}
    (hook,) = yaml.safe_load(STEPS[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    (declared,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == declared["id"]


@pytest.mark.parametrize("path", CI)
def test_the_steps_judge_by_themselves_and_stop_the_job(tmp_path, path):
    """Read as the gate reads the CI of any repository, which is what runs and whether its failure counts."""
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(STEPS[path], encoding="utf-8")
    pipelines = Facts(Repository.at(tmp_path)).pipelines
    assert not pipelines.unread
    judging = [call for call in pipelines.calls if call.runs("readiness") and not call.ignored]
    assert [call.words[1:3] for call in judging][:1] == [("check", ".")]


@pytest.mark.parametrize("path", CI)
def test_each_command_of_the_steps_writes_what_the_next_step_takes(repo, path):
    commands = re.findall(r"readiness (check [^\n']*)", STEPS[path])
    assert len(commands) == 2
    for command in commands:
        words = command.replace('"$GITHUB_STEP_SUMMARY"', "summary.md").removesuffix(" || true").split()
        assert readiness(repo, *words)[0] == 1
        assert (repo / words[-1]).stat().st_size > 1000
    taken = re.findall(r"(?:sarif_file: |paths: \[|junit:? '?|Artifacts ')([\w.]+)", STEPS[path])
    assert taken
    assert all((repo / name).exists() for name in taken)


def test_braces_of_the_jenkinsfile_are_closed():
    text = STEPS["Jenkinsfile"]
    depth = 0
    for sign in re.sub(r"'[^'\n]*'", "", text):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
