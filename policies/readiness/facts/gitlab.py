"""Reads pipelines of GitLab CI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from readiness.facts.actions import of_template
from readiness.facts.job import Job
from readiness.facts.repository import File, Repository
from readiness.facts.resources import line_of
from readiness.facts.shell import Call, calls

# Keys of the top level that are no jobs.
SETTINGS = frozenset({"default", "include", "stages", "variables", "workflow", "image", "services", "cache", "pages:"})
SCRIPTS = ("before_script", "script", "after_script")
MOST_BASES = 10


def jobs(file: File, repository: Repository) -> Iterator[Job]:
    """The jobs of a pipeline. What it includes from this repository is read as a file of its own."""
    for document in file.yaml:
        if not isinstance(document, dict):
            continue
        yield from included(document, file)
        for name, body in document.items():
            if isinstance(body, dict) and name not in SETTINGS | set(SCRIPTS) and not name.startswith("."):
                yield read(name, whole(body, document), document, file)


def included(document: dict[str, Any], file: File) -> Iterator[Job]:
    told = document.get("include") or []
    for entry in told if isinstance(told, list) else [told]:
        name = entry.get("template", "") if isinstance(entry, dict) else ""
        call = of_template(str(name), file.path, line_of(entry) or 1)
        if call:
            yield Job(str(name), file.path, call.line, "gitlab", True, (call,))


def whole(body: dict[str, Any], document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """A job with what it extends, its own settings first."""
    bases = body.get("extends") or []
    merged: dict[str, Any] = {}
    for base in [bases] if isinstance(bases, str) else bases:
        under = document.get(base)
        if isinstance(under, dict) and depth < MOST_BASES:
            merged |= whole(under, document, depth + 1)
    return {**merged, **body, "line": line_of(body) or body.get("line", 0)}


def read(name: str, job: dict[str, Any], document: dict[str, Any], file: File) -> Job:
    environment = job.get("environment") or ""
    named = environment.get("name", "") if isinstance(environment, dict) else environment
    allowed = job.get("allow_failure")
    ignored = "allow_failure hides its failure" if allowed is True or isinstance(allowed, dict) else ""
    manual = job.get("when") == "manual" or all_rules(job, "manual")
    off = job.get("when") == "never" or all_rules(job, "never")
    found = tuple(replace(call, ignored=call.ignored or ignored) for call in of_job(job, document, file))
    gate = "manual" if manual else ""
    return Job(name, file.path, job["line"], "gitlab", not (manual or off), found, str(named), gate)


def all_rules(job: dict[str, Any], when: str) -> bool:
    rules = [rule for rule in job.get("rules") or () if isinstance(rule, dict)]
    return bool(rules) and all(rule.get("when") == when for rule in rules)


def of_job(job: dict[str, Any], document: dict[str, Any], file: File) -> Iterator[Call]:
    default = document.get("default")
    for part in SCRIPTS:
        script = job.get(part) or (default.get(part) if isinstance(default, dict) else None) or document.get(part)
        hidden = "GitLab ignores failures of after_script" if part == "after_script" else ""
        for text in flat(script):
            for call in calls(text, file.path, line_holding(text, job["line"], file)):
                yield replace(call, ignored=call.ignored or hidden)


def flat(script: Any) -> Iterator[str]:
    if isinstance(script, str):
        yield script
    elif isinstance(script, list):
        for entry in script:
            yield from flat(entry)


def line_holding(text: str, begin: int, file: File) -> int:
    """The first line from ``begin`` on that holds the start of a script."""
    first = text.strip().split("\n")[0].strip()
    lines = enumerate(file.lines[max(begin - 1, 0) :], max(begin, 1))
    return next((number for number, line in lines if first and first in line), begin)
