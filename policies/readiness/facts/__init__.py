"""Facts: what controls judge. Three kinds, each read once and then only looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from readiness.facts.evidence import Evidence
from readiness.facts.repository import Repository
from readiness.facts.resources import Resources
from readiness.facts.workloads import Container, Workload, workloads


@dataclass(frozen=True)
class Facts:
    """All that a run knows.

    Attributes:
        repository: an index of the files; empty when only manifests are judged.
        resources: what is, or is to be, deployed.
        evidence: what drills, tests and scans wrote.
        environment: the environment that the verdict is for.
        now: the moment of judging, to which ages are taken.
    """

    repository: Repository = field(default_factory=Repository.nothing)
    resources: Resources = field(default_factory=Resources)
    evidence: Evidence = field(default_factory=Evidence)
    environment: str = "prod"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        return tuple(workloads(self.resources))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        return tuple(container for workload in self.workloads for container in workload.containers)
