"""D5: a documented command returns to the version before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import repository
from readiness.facts import Facts
from readiness.facts.repository import Repository

COMMAND = re.compile(
    r"\b(make [\w-]*rollback[\w-]*|kubectl rollout undo|kubectl[ -]argo[ -]rollouts undo|helm rollback)\b"
)


@control(
    id="D5.rollback-command",
    title="The documentation names a command that rolls back",
    why="whoever is paged at night must not have to find out how to return to the version that worked",
    remedy="write the command into the README or a runbook, for example: kubectl rollout undo deployment/NAME",
    severity="high",
    kind="repository",
    sources=("https://sre.google/sre-book/release-engineering/",),
    subjects=repository,
)
def rollback_command(repo: Repository, facts: Facts) -> Iterator[Problem]:
    pages = list(repo.role("markdown"))
    if not any(COMMAND.search(page.text) for page in pages):
        yield Problem(f"none of {len(pages)} pages of documentation names a command that rolls back")


CONTROLS = (rollback_command,)
