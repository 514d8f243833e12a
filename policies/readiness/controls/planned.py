"""R1, R2, R5: pages that somebody reads on a bad day, with what has to be in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import repository
from readiness.facts import Facts
from readiness.facts.pages import Section, commands, pages, sections, under
from readiness.facts.repository import File, Repository

SRE = "https://sre.google/sre-book/managing-incidents/"
DURATION = r"\d+\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\b"
NAMES = re.compile(r"(?i)@[\w-]+|[\w.+-]+@[\w-]+\.\w+|\bpager\w*|\bopsgenie\b|\bgrafana oncall\b|\bslack\b|\bphone\b")
RESTORE = re.compile(
    r"\b(make [\w-]*restore[\w-]*|pg_restore|velero restore|restic restore|aws backup start-restore-job"
    r"|aws rds restore\S*|psql .*<\s*\S+|mc (cp|mirror)|dvc (pull|checkout))\b"
    r"|\b(aws s3|gsutil) (cp|sync|rsync)( -\S+)* [\"']?(s3://|gs://|\$)"  # out of the bucket, not into it
)


def found(facts: Facts, pattern: str) -> list[Section]:
    return [part for page in pages(facts.repository) for part in under(page, pattern)]


def lacking(parts: list[Section], wanted: dict[str, str]) -> list[str]:
    """What none of these sections says."""
    text = "\n".join(f"{part.title}\n{part.text}" for part in parts)
    return [what for what, pattern in wanted.items() if not re.search(pattern, text, re.IGNORECASE)]


def demands(facts: Facts, pattern: str, about: str, wanted: dict[str, str]) -> Iterator[Problem]:
    """A problem unless pages about a subject say all that is wanted."""
    parts = found(facts, pattern)
    if not parts:
        yield Problem(f"no page or section is about {about}")
        return
    for what in lacking(parts, wanted):
        yield Problem(f"the page about {about} does not say {what}", parts[0].line, parts[0].file)


@control(
    id="R1.recovery-planned",
    title="A page says how the service is brought back after the loss of everything, how fast, and what may be lost",
    why="on that day nobody has time to find out in which order things have to come back",
    remedy="write runbooks/disaster-recovery.md: order of steps, commands, RTO: 4 hours, RPO: 1 hour",
    severity="high",
    kind="repository",
    sources=("NIST SP 800-34",),
    subjects=repository,
)
def recovery_planned(repo: Repository, facts: Facts) -> Iterator[Problem]:
    wanted = {
        "how long it may take (RTO), as a figure": rf"(RTO|recovery time)[^\n]*?{DURATION}",
        "how much may be lost (RPO), as a figure": rf"(RPO|recovery point)[^\n]*?({DURATION}|none|nothing|zero|\b0\b)",
        "which commands bring it back": r"```|`(make|kubectl|pulumi|terraform|helm|aws|gcloud|az|argocd|flux) ",
    }
    yield from demands(facts, r"disaster|\bDR\b|recover", "disaster recovery", wanted)


@control(
    id="R2.restore-documented",
    title="A page names the command that restores each backup",
    why="a backup is worth what its restore is worth, and nobody learns that command during an outage",
    remedy="write runbooks/backup-and-restore.md: what, how often, where to; then the command: make restore",
    severity="high",
    kind="repository",
    sources=("NIST SP 800-34",),
    subjects=repository,
)
def restore_documented(repo: Repository, facts: Facts) -> Iterator[Problem]:
    parts = found(facts, r"back-?\s?_?up|restor")
    if not parts:
        yield Problem("no page or section is about backup and restore")
        return
    about = {part.page.path: part.page for part in parts}.values()
    if not any(restores(page) for page in about):
        yield Problem("the page about backup names no command that restores", parts[0].line, parts[0].file)


def restores(page: File) -> bool:
    """Whether a page names a command that restores by its name, or any command under a heading about restoring."""
    told = page.once(commands)
    if any(RESTORE.search(call.text) for call in told):
        return True
    steps = [part for part in page.once(sections) if re.match(r"(?i)restor", part.title)]
    return any(
        part.line < call.line <= part.line + part.text.count("\n") + 1 and len(call.words) > 1
        for part in steps
        for call in told
    )


@control(
    id="R5.incidents-planned",
    title="A page says who does what in an incident, who is called next, and what is written down",
    why="without roles everybody mends, nobody decides, and callers are told nothing",
    remedy="write runbooks/incidents.md: roles (incident lead, …), escalation after 15 minutes, timeline, review",
    severity="high",
    kind="repository",
    sources=(SRE,),
    subjects=repository,
)
def incidents_planned(repo: Repository, facts: Facts) -> Iterator[Problem]:
    wanted = {
        "who leads (roles)": r"\b(roles?|commander|incident lead|leads?)\b",
        "who is called when nobody answers (escalation)": r"escalat",
        "that a timeline is kept": r"timeline|time line|chronolog",
        "how it is reviewed afterwards": r"post-?\s?mortem|review|retrospective|lessons",
    }
    yield from demands(facts, r"incident|emergenc", "incidents", wanted)


@control(
    id="R5.on-call-known",
    title="A page says how to reach whoever is responsible",
    why="whoever finds the fault is often not the one who can mend it",
    remedy="write into the README: Owner: team-name, on call: pager link or @handle",
    severity="medium",
    kind="repository",
    sources=(SRE,),
    subjects=repository,
)
def on_call_known(repo: Repository, facts: Facts) -> Iterator[Problem]:
    owners = [
        part for page in pages(repo) for part in under(page, r"on-?\s?call|contact|support|owner|escalat|maintainer")
    ]
    lines = [
        line for page in pages(repo) for line in page.lines if re.search(r"(?i)\bowned by\b|\bowner:|on[- ]call", line)
    ]
    if not any(NAMES.search(text) for text in (*(part.text for part in owners), *lines)) and not any(
        repo.role("codeowners")
    ):
        yield Problem("no page names an owner, a pager or a channel, and there is no CODEOWNERS")


CONTROLS = (recovery_planned, restore_documented, incidents_planned, on_call_known)
