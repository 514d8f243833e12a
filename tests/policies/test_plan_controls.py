"""Pages for a bad day: under which headings they are looked for, and what has to stand there."""

import pytest
from judged import refuses

RECOVERY = "RTO: 4 hours. RPO: none. `make up`"


@pytest.mark.parametrize("title", ["Disasters", "DR", "How we recover"])
def test_pages_about_recovery(title):
    assert not refuses("R1.recovery-planned", files={"a.md": f"# {title}\n\n{RECOVERY}"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((RECOVERY.replace("4 hours", time), True) for time in ("30 s", "5 min", "1 day", "2h")),
        (RECOVERY.replace("4 hours", "soon"), False),
        *((RECOVERY.replace("none", loss), True) for loss in ("nothing", "zero", "0", "1 hour")),
        (RECOVERY.replace("none", "little"), False),
        (RECOVERY.replace("RTO", "Recovery time").replace("RPO", "Recovery point"), True),
        *((RECOVERY.replace("make", tool), True) for tool in ("kubectl", "pulumi", "terraform", "helm", "aws")),
        *((RECOVERY.replace("make", tool), True) for tool in ("gcloud", "az", "argocd", "flux")),
        (RECOVERY.replace("`make up`", "```\nup\n```"), True),
        (RECOVERY.replace("make", "do"), False),
    ],
)
def test_recovery(text, said):
    assert refuses("R1.recovery-planned", files={"a.md": f"# Recovery\n\n{text}"}) is not said


def test_sections_about_recovery_are_read_together():
    page = "# Pages\n\n## Other\n\n## DR\n\nRPO: none. `make up`\nRTO: 4 hours\n## Recovery\n"
    assert not refuses("R1.recovery-planned", files={"a.md": page})


@pytest.mark.parametrize(
    ("text", "restores"),
    [
        *((f"# {title}\n\n`make restore`", True) for title in ("Back-up", "Back up", "Backup", "Restoring")),
        ("# Other\n\n`make restore`", False),
        *((f"# Backup\n\n`{command}`", True) for command in ("pg_restore", "velero restore", "restic restore")),
        *((f"# Backup\n\n`aws {command}`", True) for command in ("backup start-restore-job", "rds restore-db")),
        *((f"# Backup\n\n`{command} a b`", True) for command in ("mc mirror", "mc cp")),
        *(
            (f"# Backup\n\n`aws s3 {command}`", True)
            for command in ("cp s3://a b", 'sync --delete "s3://a" b', "cp $A b")
        ),
        *((f"# Backup\n\n`gsutil {command}`", True) for command in ("cp gs://a b", "rsync -r 'gs://a' b")),
        *((f"# Backup\n\n`{command}`", False) for command in ("aws s3 cp a s3://b", "gsutil rsync -r a gs://b")),
        *(
            (f"# Backup\n\n`{command}`", True)
            for command in ("psql web <web.sql", "psql web < web.sql", "dvc pull", "make web-restore-all")
        ),
        ("# Backup\n\n`make backup`", False),
        ("# Backup\n\n## Restore\n`untar web`\n## Other", True),
        ("# Backup\n\n## Restore\n`restored`\n## Other", False),
        ("# Backup\n\n## Restore with `cp a b`\n\nAsk.", False),
        ("# Backup\n\n## Restore\n\n## Other than `cp a b`", False),
        ("# Backup\n\n## Restore\n\n## Other\n\n`cp a b`", False),
        ("# Backup\n\n## Other\n\n`cp a b`\n\n## Restore", False),
    ],
)
def test_restoring(text, restores):
    assert refuses("R2.restore-documented", files={"a.md": text}) is not restores


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        *(("Roles", name, True) for name in ("Commander", "Incident lead", "Leads")),
        ("Roles", "Rolled", False),
        ("Escalation", "Escalated", True),
        *(("timeline", name, True) for name in ("time line", "chronology")),
        ("timeline", "time", False),
        *(("Review", name, True) for name in ("Postmortem", "post-mortem", "Retrospective", "Lessons")),
        ("Review", "Talk", False),
    ],
)
def test_incidents(old, new, said):
    text = "# Emergencies\n\nRoles. Escalation. A timeline. Review."
    assert refuses("R5.incidents-planned", files={"a.md": text.replace(old, new)}) is not said


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        *(("a.md", f"## {title}\n\n@ada", True) for title in ("Oncall", "On-call", "Contact", "SUPPORT", "Owners")),
        *(("a.md", f"## {title}\n\n@ada", True) for title in ("Escalation", "Maintainers")),
        *(("a.md", f"## Contact\n\n{who}", True) for who in ("ada@example.org", "PagerDuty", "Opsgenie", "Slack")),
        *(("a.md", f"## Contact\n\n{who}", True) for who in ("Grafana OnCall", "phone")),
        *(("a.md", f"{line} @ada", True) for line in ("It is owned by", "Owner:", "who is on call:", "On-call")),
        ("a.md", "Written by @ada", False),
        ("CODEOWNERS", "* @ada", True),
    ],
)
def test_who_is_on_call(name, text, known):
    assert refuses("R5.on-call-known", files={name: text}) is not known
