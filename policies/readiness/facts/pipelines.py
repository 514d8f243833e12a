"""CI of three providers in one shape: jobs, what starts them, every program they run, through make and scripts, too.

That is what "wired" means here: a check counts when a job that starts by itself reaches it and stops when it fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from readiness.facts import github, gitlab, jenkins
from readiness.facts.follow import Follow
from readiness.facts.job import Job
from readiness.facts.repository import Repository
from readiness.facts.shell import Call
from readiness.facts.unread import Unread, UnreadError

READERS = {"ci-github": github.jobs, "ci-gitlab": gitlab.jobs, "ci-jenkins": jenkins.jobs}


@dataclass(frozen=True)
class Pipelines:
    """All CI of a repository.

    Attributes:
        jobs: every job, its calls followed through make, scripts, tox, nox and pre-commit.
        files: the files that CI is described in.
        unread: those of them that could not be read.
    """

    jobs: tuple[Job, ...] = ()
    files: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = field(default=())

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """What runs without anybody's doing, in order; calls whose failure is ignored say so."""
        return tuple(call for job in self.jobs if job.automatic for call in job.calls)

    @cached_property
    def all_calls(self) -> tuple[Call, ...]:
        """The same with jobs that a person starts."""
        return tuple(call for job in self.jobs for call in job.calls)

    @property
    def described(self) -> str:
        """The CI in a few words, for messages."""
        return ", ".join(self.files) if self.files else "no CI (.github/workflows, .gitlab-ci.yml or Jenkinsfile)"


def pipelines(repository: Repository) -> Pipelines:
    """The CI of a repository; what cannot be read is listed, and a control that looks at the CI then passes nothing."""
    jobs: list[Job] = []
    files: list[str] = []
    unread: list[Unread] = []
    follow = Follow(repository)
    for role, reader in READERS.items():
        for file in repository.role(role):
            files.append(file.path)
            try:
                jobs.extend(followed(job, follow) for job in reader(file, repository))
            except UnreadError as error:
                unread.append(error.unread)
    return Pipelines(tuple(jobs), tuple(files), tuple(unread))


def followed(job: Job, follow: Follow) -> Job:
    follow.calls = 0
    return replace(job, calls=tuple(every(job, follow)))


def every(job: Job, follow: Follow) -> Iterator[Call]:
    for call in job.calls:
        yield from follow(call)
