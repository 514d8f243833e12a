"""One job of a CI, whichever provider runs it."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.facts.shell import Call


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        name: as the CI shows it.
        file, line: where it is described.
        provider: ``github``, ``gitlab`` or ``jenkins``.
        automatic: it starts without a person, on a push, a merge request, a tag or a schedule.
        calls: the programs it runs; actions of GitHub and templates of GitLab stand as the programs they run.
        environment: the environment it deploys to, as the provider knows it; empty for none.
        gate: who has to agree before it runs, if the file says so: ``input``, ``manual`` or empty.
        approvers: who may agree, if the file says so.
    """

    name: str
    file: str
    line: int
    provider: str
    automatic: bool
    calls: tuple[Call, ...] = ()
    environment: str = ""
    gate: str = ""
    approvers: str = ""
