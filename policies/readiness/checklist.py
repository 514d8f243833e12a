"""The 25 items of production readiness: what a service must be, section by section, and what "met" means for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the checklist.

    Attributes:
        id: short name, such as ``D3``; the first part of the id of each of its controls.
        section: Deployment, Monitoring, Security, Reliability or Governance.
        title: the item in a few words.
        met: what is true of a service that meets it.
    """

    id: str
    section: str
    title: str
    met: str


SECTIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Deployment": (
        (
            "D1",
            "Containerized, optimized images",
            "the service ships as a locked, small, non-root image whose exact bytes a deployment names by digest",
        ),
        (
            "D2",
            "Load balancing and auto-scaling",
            "several copies share the load behind a Service that selects them, and their number follows the load",
        ),
        (
            "D3",
            "Health checks and readiness probes",
            "a copy gets traffic only while it can answer, is restarted when stuck, and ends its work before it goes",
        ),
        (
            "D4",
            "Blue-green or canary",
            "a new version meets real traffic in steps, and a metric decides whether it goes on",
        ),
        (
            "D5",
            "Rollback documented and tested",
            "one documented command returns to the version before, and a recent drill shows that it does, in time",
        ),
    ),
    "Monitoring": (
        ("M1", "Metrics, business and technical", "the service exports both kinds, and something scrapes them"),
        ("M2", "Real-time dashboards", "dashboards are code, are deployed, and show metrics that are exported"),
        (
            "M3",
            "Alert rules with escalation",
            "each alert has a severity, a runbook and a route to somebody, and an unanswered page goes to the next",
        ),
        (
            "M4",
            "Data drift and model performance",
            "live input is compared with the training data and live output with the truth, and both raise alerts",
        ),
        ("M5", "Log aggregation and search", "structured logs leave the pod and can be searched by request and time"),
    ),
    "Security": (
        ("S1", "Authentication and authorization", "every caller is known and may do only what it was given"),
        (
            "S2",
            "Secrets management, no hardcoded credentials",
            "secrets come from a store at run time and stand in no file, image, log or literal",
        ),
        (
            "S3",
            "Network security: VPC, firewalls, encryption",
            "traffic is denied unless a rule names both ends, and is encrypted; pods run without privileges",
        ),
        (
            "S4",
            "Vulnerability scanning and updates",
            "dependencies and images are locked, scanned in CI, and renewed by a machine",
        ),
        (
            "S5",
            "Audit logging and compliance",
            "each decision and each administrative act leaves a record that cannot be changed unseen",
        ),
    ),
    "Reliability": (
        ("R1", "Disaster recovery", "the loss of a node, a zone or the whole environment was planned for and drilled"),
        ("R2", "Backup and restore", "all state is backed up and protected from deletion, and a restore was drilled"),
        (
            "R3",
            "Circuit breakers and graceful degradation",
            "overload and a broken dependency lead to quick, honest answers instead of collapse",
        ),
        (
            "R4",
            "Load testing and capacity planning",
            "a recent load test shows what one copy bears, and requests, limits and copies follow from it",
        ),
        (
            "R5",
            "Incident response",
            "roles, escalation and timeline are written down, and whoever is on call finds them",
        ),
    ),
    "Governance": (
        ("G1", "Model versioning and lineage", "each served model is a version with data, code and metrics on record"),
        (
            "G2",
            "Approval for production deployments",
            "nothing reaches production unless somebody other than its maker agreed, and a machine enforces that",
        ),
        ("G3", "Documentation and runbooks", "a newcomer can run, change and repair the service by what is written"),
        ("G4", "Performance SLAs defined and measured", "objectives are numbers, measured where callers feel them"),
        ("G5", "Cost monitoring and optimization", "each resource has an owner and a budget, and cost is looked at"),
    ),
}

ITEMS: dict[str, Item] = {
    id: Item(id, section, title, met) for section, rows in SECTIONS.items() for id, title, met in rows
}
