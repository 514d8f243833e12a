"""The project that faults are made in: generated, planned for prod by mocks, with evidence of all drills."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faults.fault import Change, Draft
from readiness.control import Verdict
from readiness.controls import catalogue
from readiness.facts import Facts
from readiness.facts.evidence import read as read_evidence
from readiness.facts.gathering import resources_of
from readiness.facts.kubernetes import gather
from readiness.facts.pulumi import read_plan
from readiness.facts.repository import File, Repository
from readiness.facts.resources import Resources
from readiness.judge import Result, judge
from repository import ROOT, commit

CONTROLS = catalogue()
DIGEST = "sha256:" + "a1" * 32
RELEASE = """
  "tumour-diagnosis:image": "registry.example.com/tumour-diagnosis@{digest}"
  "tumour-diagnosis:pull_image": "registry.example.com/tumour-diagnosis-pull@{digest}"
  "tumour-diagnosis:model_version": "1"
"""
STACKS = ("cluster", "secrets", "registry", "observability")
IN_TIME = ("seconds=40", "objective_seconds=300")
DRILLS = {  # what a team that has done its drills has to show
    "rollback-drill": IN_TIME,
    "recovery-drill": IN_TIME,
    "restore-drill": IN_TIME,
    "load-test": ("requests_per_second=500", "p99_seconds=0.04", "objective_p99_seconds=0.25"),
    "incident-exercise": (),
    "vulnerability-scan": ("critical=0", "high=0"),
}


def prepare(folder: Path) -> None:
    """Makes of a generated project one that has a release for prod and a record of each drill."""
    settings = folder / "deploy" / "Pulumi.prod.yaml"
    settings.write_text(settings.read_text() + RELEASE.format(digest=DIGEST))
    commit(folder)
    now = datetime.now(UTC)
    for place, (kind, values) in enumerate(DRILLS.items()):
        time = (now - timedelta(days=2, minutes=len(DRILLS) - place)).isoformat(timespec="seconds")
        told = [part for value in values for part in ("--value", value)]
        options = ["--environment", "prod", "--tool", "by hand", "--result", "pass", "--time", time, *told]
        readiness("evidence", "add", kind, *options, "--repo", folder)


def planned(folder: Path, plan: Path) -> list[dict]:
    """The state of every resource that our stacks and the project's own program plan for prod."""
    folders = [*(ROOT / "stacks" / name for name in STACKS), folder / "deploy"]
    readiness("preview", *folders, "--environment", "prod", "--save", plan, expected=(0, 1))
    return [step["newState"] for step in json.loads(plan.read_text())["steps"]]


def readiness(*arguments: object, expected: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, "-m", "readiness", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT / "policies", capture_output=True, text=True)
    assert done.returncode in expected, done.stdout + done.stderr


@dataclass
class Project:
    """A project as facts, each time with one change. Files that did not change are read once.

    Attributes:
        folder: of changed files, a new one in it for each change.
    """

    repository: Repository
    states: list[dict]
    folder: Path

    def __post_init__(self) -> None:
        self.now = datetime.now(UTC)
        self.manifests = resources_of(self.repository, ())
        self.right = complaints(self.judged())

    def judged(self, change: Change | None = None) -> list[Result]:
        """What all controls say of the project with a change."""
        draft = Draft(list(self.states), lambda path: self.repository.files[path].text, tuple(self.repository.files))
        if change:
            change(draft)
        repository = self.changed(draft)
        resources, unread = gather(read_plan({"steps": [{"newState": one} for one in draft.states]}, "plan.json"))
        own = self.manifests if repository is self.repository else resources_of(repository, ())
        every = Resources(own.all + resources, own.unread + unread)
        facts = Facts(repository, every, read_evidence(repository, self.now), "prod", self.now)
        return judge(CONTROLS, facts, whole=True)

    def changed(self, draft: Draft) -> Repository:
        if not draft.files:
            return self.repository
        folder = self.folder / str(len(list(self.folder.iterdir())))
        folder.mkdir()
        files = dict(self.repository.files)
        for path, text in draft.files.items():
            files.pop(path, None)
            if text is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")
                files[path] = File(folder, path, (folder / path).stat().st_size)
        return Repository(self.repository.root, dict(sorted(files.items())))


def complaints(results: list[Result]) -> Counter[tuple[str, Verdict, str, str]]:
    """How often each control does not pass each subject."""
    bad = (one for one in results if one.verdict is not Verdict.PASS)
    return Counter((one.control.id, one.verdict, one.finding.resource, one.finding.file) for one in bad)


def new(results: list[Result], right: Counter[tuple[str, Verdict, str, str]]) -> list[Result]:
    """What is worse than before: fails that were none, and what was known to be right and no longer is."""
    left, found = right.copy(), []
    failed = {(id, resource) for id, verdict, resource, _ in right if verdict is Verdict.FAIL}
    for one in results:
        key = (one.control.id, one.verdict, one.finding.resource, one.finding.file)
        known = one.verdict is Verdict.NOT_EVALUATED and (one.control.id, one.finding.resource) in failed
        if one.verdict is not Verdict.PASS and not known:
            left[key] -= 1
            if left[key] < 0:
                found.append(one)
    return found
