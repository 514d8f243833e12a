"""Backups made by CronJobs of the platform whose names end in ``-backup``.

Those that a cloud makes by itself (of RDS, of buckets) tell Prometheus nothing; they are watched where they are made.
"""

from __future__ import annotations

from stacks.observability.alerts.alert import Alert
from stacks.platform.names import PLATFORM_NAMESPACE

CRONJOBS = f'{{namespace="{PLATFORM_NAMESPACE}", cronjob=~".+-backup"}}'
JOBS = f'{{namespace="{PLATFORM_NAMESPACE}", job_name=~".+-backup-.+", condition="true"}}'
LATE = 26 * 3600
"""A daily backup, with two hours to spare."""

ALERTS = (
    Alert(
        "BackupOverdue",
        "page",
        f"time() - (kube_cronjob_status_last_successful_time{CRONJOBS} or kube_cronjob_created{CRONJOBS}) > {LATE}",
        "10m",
        "there is no backup of the last day",
        "{{ $labels.cronjob }} has not succeeded for {{ $value | humanizeDuration }}; what was made since can be lost.",
    ),
    Alert(
        "BackupFailed",
        "ticket",
        f"kube_job_failed{JOBS} == 1",
        "1m",
        "a backup failed",
        "{{ $labels.job_name }} failed; the one before is still there.",
    ),
    Alert(
        "BackupSuspended",
        "ticket",
        f"kube_cronjob_spec_suspend{CRONJOBS} == 1",
        "1h",
        "backups are switched off",
        "{{ $labels.cronjob }} is suspended and makes no backups.",
    ),
)
