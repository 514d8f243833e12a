"""Pages: what a newcomer, whoever is paged, and whoever must bring all of it back has to find."""

import re

from faults.fault import both, fault
from faults.files import appended, deleted, matched, texts, written

TABLE = (
    fault("no README", deleted("README.md"), "G3.readme-runs", "G5.cost-written-down"),
    fault(
        "a README that says hardly anything",
        written("README.md", "# Tumour Diagnosis\n\nTo be written.\n"),
        "G3.readme-runs",
        "G5.cost-written-down",
    ),
    fault(
        "a waiver that ended",
        written(
            "readiness-waivers.yaml",
            "waivers:\n"
            "- {control: M4.drift-watched, owner: ada@example.org, until: 2020-01-31, reason: Drift comes in March}\n",
        ),
        "S5.waivers-sound",
    ),
    fault("nobody owns a file", deleted("CODEOWNERS"), "G2.owners-review"),
    fault("a README that tells nobody how to test", matched("README.md", r"^.*\btests?\b.*\n", ""), "G3.readme-runs"),
    fault("a command that is not there", appended("README.md", "\nThen `make release`.\n"), "G3.commands-exist"),
    fault(
        "a page names a target that was renamed",
        matched("Makefile", r"^lineage: setup", "provenance: setup"),
        "G3.commands-exist",
    ),
    fault(
        "the target of the rollback goes",
        matched("Makefile", r"^rollback-release: setup.*\n.*\n", ""),
        "D5.rollback-command-exists",
        "G3.commands-exist",
    ),
    fault("no page about incidents", deleted("runbooks/incident.md"), "R5.incidents-planned"),
    fault("no page about disasters", deleted("runbooks/disaster-recovery.md"), "R1.recovery-planned"),
    fault("no page about backups", deleted("runbooks/backup-and-restore.md"), "R2.restore-documented"),
    fault(
        "the page about backups names no command",
        written("runbooks/backup-and-restore.md", "# Backup and restore\n\nAsk whoever set it up.\n"),
        "R2.restore-documented",
    ),
    fault(
        "no page names a way back",
        texts(r".*[.]md", lambda text: re.sub(r"make rollback[\w-]*|rollout undo|rollouts undo", "the way back", text)),
        "D5.rollback-command",
    ),
    fault(
        "nobody can be reached",
        both(
            deleted("CODEOWNERS"),
            texts(
                r".*[.]md",
                lambda text: re.sub(r"(?i)\S*@\S*|\w*pager\w*|opsgenie|slack|tele?phone|phone", "somebody", text),
            ),
        ),
        "R5.on-call-known",
        "G2.owners-review",
    ),
    fault(
        "nothing is promised in figures",
        both(
            deleted("deploy/monitoring/slo.py"),
            texts(r".*[.]md", lambda text: re.sub(r"(?i)\bslo\b|objectives?|service level", "wish", text)),
        ),
        "G4.objectives-are-numbers",
    ),
)
