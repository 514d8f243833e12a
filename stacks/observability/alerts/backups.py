"""The copies that AWS makes of database and shared files, as the registry's CronJob ``backup-check`` finds them.

AWS tells Prometheus nothing of them, so what is watched is that the check succeeds. Dev has no copies and no check.
"""

from __future__ import annotations

from stacks.observability.alerts.alert import Alert
from stacks.platform.names import BACKUP_CHECK, PLATFORM_NAMESPACE

CRONJOB = f'{{namespace="{PLATFORM_NAMESPACE}", cronjob="{BACKUP_CHECK}"}}'
JOBS = f'{{namespace="{PLATFORM_NAMESPACE}", job_name=~"{BACKUP_CHECK}-.+", condition="true"}}'
LATE = 6 * 3600
"""Six checks, so that an hour in which AWS did not answer wakes nobody."""

ALERTS = (
    Alert(
        "BackupOverdue",
        "page",
        f"time() - (kube_cronjob_status_last_successful_time{CRONJOB} or kube_cronjob_created{CRONJOB}) > {LATE}",
        "10m",
        "backups are too old, or nobody knows how old",
        "{{ $labels.cronjob }} has not succeeded for {{ $value | humanizeDuration }}; what was made since can be lost.",
    ),
    Alert(
        "BackupFailed",
        "ticket",
        f"kube_job_failed{JOBS} == 1",
        "1m",
        "a look at the backups failed",
        "{{ $labels.job_name }} failed: its log says which copy is too old, or why that could not be found out.",
    ),
    Alert(
        "BackupSuspended",
        "ticket",
        f"kube_cronjob_spec_suspend{CRONJOB} == 1",
        "1h",
        "nobody looks at the backups",
        "{{ $labels.cronjob }} is suspended.",
    ),
)
