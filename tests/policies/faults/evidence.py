"""Evidence of drills: edited, borrowed, taken out, of another commit, too old, or of a drill that failed."""

from datetime import UTC, datetime, timedelta

from faults.fault import Draft, fault
from faults.files import deleted, record

LONG_AGO = (datetime.now(UTC) - timedelta(days=200)).isoformat(timespec="seconds")


def edited(kind: str, old: str, new: str):
    """A record changed by hand after it was written."""

    def change(draft: Draft) -> None:
        path = next(path for path in draft.paths if path.startswith("evidence/") and kind in path)
        assert old in draft.read(path)
        draft.files[path] = draft.read(path).replace(old, new)

    return change


TABLE = (
    fault("the rollback took longer than it may", record("rollback-drill", seconds=900), "D5.rollback-drill"),
    fault("the recovery took longer than it may", record("recovery-drill", seconds=900), "R1.recovery-drill"),
    fault("the restore took longer than it may", record("restore-drill", seconds=301), "R2.restore-drill"),
    fault("the load test was too slow", record("load-test", p99_seconds=0.4), "R4.load-test-result"),
    fault("the rollback failed", record("rollback-drill", result="fail"), "D5.rollback-drill"),
    fault("the restore failed", record("restore-drill", result="fail"), "R2.restore-drill"),
    fault("the load test failed", record("load-test", result="fail"), "R4.load-test-result"),
    fault("the exercise failed", record("incident-exercise", result="fail"), "R5.incident-exercise"),
    fault("the scan found something critical", record("vulnerability-scan", result="fail"), "S4.vulnerability-scan"),
    fault("the rollback is long ago", record("rollback-drill", time=LONG_AGO), "D5.rollback-drill"),
    fault(
        "a result was edited",
        edited("rollback-drill", '"seconds": 40', '"seconds": 4'),
        "S5.evidence-sound",
        "D5.rollback-drill",
    ),
    fault(
        "a record was taken out",
        deleted("evidence/.*-rollback-drill.json"),
        "S5.evidence-sound",
        also={
            "D5.rollback-drill": "there is no other",
            "R1.recovery-drill": "the record before it is gone",
        },
    ),
    fault(
        "a record of a commit that is not here",
        record("load-test", commit="0123456789abcdef0123456789abcdef01234567"),
        "S5.evidence-sound",
        "R4.load-test-result",
    ),
    fault(
        "a record from the future",
        record("vulnerability-scan", time=(datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds")),
        "S5.evidence-sound",
        "S4.vulnerability-scan",
    ),
    fault(
        "the drill was in staging",
        record("rollback-drill", environment="staging"),
        also={"D5.rollback-drill": "there is none of prod"},
    ),
    fault(
        "a record without its figures",
        edited("load-test", '"p99_seconds"', '"p99"'),
        "S5.evidence-sound",
        also={
            "R4.load-test-result": "there is no other",
            "R5.incident-exercise": "the record before it is gone",
        },
    ),
    fault(
        "a record that is no JSON",
        edited("restore-drill", "{", "{{"),
        "S5.evidence-sound",
        also={"R2.restore-drill": "there is no other", "R4.load-test-result": "the record before it is gone"},
    ),
)
