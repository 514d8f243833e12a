"""Facts: what controls judge. Three kinds, each read once and then only looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from readiness.facts.evidence import Evidence
from readiness.facts.once import Once
from readiness.facts.repository import Repository
from readiness.facts.resources import Resources
from readiness.facts.workloads import Container, Workload, workloads

if TYPE_CHECKING:
    from readiness.facts.code import Code
    from readiness.facts.pipelines import Pipelines
    from readiness.facts.rules import Rules


@dataclass(frozen=True)
class Facts(Once):
    """All that a run knows.

    Attributes:
        repository: an index of the files; empty when only manifests are judged.
        resources: what is, or is to be, deployed.
        evidence: what drills, tests and scans wrote.
        environment: the environment that the verdict is for.
        now: the moment of judging, to which ages are taken.
        runbooks: names of pages that are kept in other repositories.
    """

    repository: Repository = field(default_factory=Repository.nothing)
    resources: Resources = field(default_factory=Resources)
    evidence: Evidence = field(default_factory=Evidence)
    environment: str = "prod"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    runbooks: frozenset[str] = frozenset()

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        return tuple(workloads(self.resources))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        return tuple(container for workload in self.workloads for container in workload.containers)

    # What follows is imported when a control asks, as `readiness manifests` never does.

    @cached_property
    def pipelines(self) -> Pipelines:
        """The repository's CI in one shape."""
        from readiness.facts.pipelines import pipelines

        return self.repository.once(pipelines)

    @cached_property
    def code(self) -> Code:
        """The repository's Python."""
        from readiness.facts.code import code

        return self.repository.once(code)

    @cached_property
    def rules(self) -> Rules:
        """Alert and recording rules."""
        from readiness.facts.rules import rules

        return rules(self.repository, self.resources, self.code)
