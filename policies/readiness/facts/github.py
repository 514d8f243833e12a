"""Reads workflows of GitHub Actions."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from readiness.facts.actions import of_action
from readiness.facts.job import Job
from readiness.facts.repository import File, Repository
from readiness.facts.resources import fields, line_of, mappings
from readiness.facts.shell import Call, calls

BY_THEMSELVES = frozenset(
    {"push", "pull_request", "pull_request_target", "merge_group", "schedule", "release", "create"}
)
NEVER = ("false", "${{ false }}", "${{false}}")


def jobs(file: File, repository: Repository) -> Iterator[Job]:
    """The jobs of a workflow; one that it calls from this repository is part of it."""
    for workflow in file.yaml:
        if isinstance(workflow, dict):
            begun = automatic(workflow, file, repository)
            for name, job in fields(workflow, "jobs").items():
                yield read(name, job, file, repository, begun)


def automatic(workflow: dict[str, Any], file: File, repository: Repository) -> bool:
    """Whether it starts without a person, itself or as part of another workflow that does."""
    events = events_of(workflow)
    if events & BY_THEMSELVES or "workflow_run" in events:
        return True
    return "workflow_call" in events and any(
        f"/{file.name}" in other.text and events_of(one) & BY_THEMSELVES
        for other in repository.role("ci-github")
        if other.path != file.path
        for one in other.yaml
    )


def events_of(workflow: Any) -> set[str]:
    """What starts it. ``on`` is read as true by YAML 1.1, and the reader here writes that as a key."""
    told = workflow.get("on", workflow.get("true")) if isinstance(workflow, dict) else None
    return {told} if isinstance(told, str) else set(told or ())


def read(name: str, job: Any, file: File, repository: Repository, begun: bool) -> Job:
    environment = job.get("environment") or ""
    off = str(job.get("if", "")).lower() in NEVER
    ignored = "continue-on-error of the job hides its failure" if job.get("continue-on-error") is True else ""
    found = tuple(
        replace(call, ignored=call.ignored or ignored)
        for step in mappings(job, "steps")
        for call in of_step(step, file, repository)
    )
    named = environment.get("name", "") if isinstance(environment, dict) else environment
    return Job(name, file.path, line_of(job), "github", begun and not off, found, str(named))


def of_step(step: dict[str, Any], file: File, repository: Repository) -> Iterator[Call]:
    if str(step.get("if", "")).lower() in NEVER:
        return
    hidden = "continue-on-error hides its failure" if step.get("continue-on-error") is True else ""
    for call in started(step, file, repository):
        yield replace(call, ignored=call.ignored or hidden)


def started(step: dict[str, Any], file: File, repository: Repository) -> Iterator[Call]:
    line = line_of(step)
    if isinstance(step.get("run"), str):
        yield from calls(step["run"], file.path, run_line(step["run"], line, file))
    uses = step.get("uses")
    if isinstance(uses, str) and uses.startswith("./"):
        yield from local_action(uses, repository)
    elif isinstance(uses, str):
        yield of_action(uses, fields(step, "with"), file.path, line)


def run_line(script: str, line: int, file: File) -> int:
    """The line on which a step's script begins, which may be under its name and settings."""
    first = script.strip().split("\n")[0].strip()
    for number in range(line, min(line + 15, len(file.lines) + 1)):
        if first and first in file.lines[number - 1]:
            return number
    return line


def local_action(uses: str, repository: Repository) -> Iterator[Call]:
    folder = posixpath.normpath(uses)
    for name in ("action.yml", "action.yaml"):
        if action := repository.files.get(f"{folder}/{name}"):
            for document in action.yaml:
                for step in mappings(document, "runs", "steps"):
                    yield from of_step(step, action, repository)
