"""For each alert of the platform: when it fires, and when it keeps silent."""

from template_tools import Case

READY = 'kube_node_status_condition{{node="{}", condition="Ready", status="true"}}'
LEFT = 'kubelet_volume_stats_available_bytes{namespace="observability", persistentvolumeclaim="prometheus"}'
SIZE = 'kubelet_volume_stats_capacity_bytes{namespace="observability", persistentvolumeclaim="prometheus"}'
MLFLOW = 'kube_deployment_status_replicas_available{namespace="platform", deployment="mlflow"}'
CERTIFICATE = 'certmanager_certificate_expiration_timestamp_seconds{name="gateway", namespace="cert-manager"}'
SUCCEEDED = 'kube_cronjob_status_last_successful_time{namespace="platform", cronjob="backup-check"}'
CREATED = 'kube_cronjob_created{namespace="platform", cronjob="backup-check"}'
DAY = 24 * 3600


def nodes(*ready):
    return {READY.format(number): f"{state}x60" for number, state in enumerate(ready)}


def pressure(condition, value):
    return {f'kube_node_status_condition{{node="a", condition="{condition}", status="true"}}': f"{value}x60"}


def disk(left, kind="ext4"):
    labels = f'instance="a", device="/dev/sda1", fstype="{kind}"'
    return {
        f"node_filesystem_avail_bytes{{{labels}}}": f"{left}x60",
        f"node_filesystem_size_bytes{{{labels}}}": "100x60",
    }


def waiting(reason, kind="pod_container"):
    return {f'kube_{kind}_status_waiting_reason{{namespace="services", pod="a", reason="{reason}"}}': "1x60"}


def notifications(failed):
    pagerduty = '{integration="pagerduty"}'
    return {
        f"alertmanager_notifications_total{pagerduty}": "0+60x60",
        f"alertmanager_notifications_failed_total{pagerduty}": f"0+{failed}x60",
    }


NODES = {
    "NodeNotReady": Case({"one": nodes(1, 0)}, {"none": nodes(1, 1), "for a moment": {READY.format(1): "1x55 0x5"}}),
    "CapacityLost": Case({"two of five": nodes(1, 1, 1, 0, 0)}, {"one of five": nodes(1, 1, 1, 1, 0)}),
    "NodeUnderPressure": Case(
        {name: pressure(name, 1) for name in ("MemoryPressure", "DiskPressure", "PIDPressure")},
        {"none": pressure("MemoryPressure", 0), "it is ready": pressure("Ready", 1)},
    ),
    "NodeDiskFilling": Case({"8 % left": disk(8)}, {"12 % left": disk(12), "no disk": disk(8, "tmpfs")}),
    "PodsUnschedulable": Case(
        {"one": {'kube_pod_status_unschedulable{namespace="services", pod="a"}': "1x60"}},
        {"for ten minutes": {'kube_pod_status_unschedulable{namespace="services", pod="a"}': "_x50 1x10"}},
    ),
}

STORAGE = {
    "VolumeFilling": Case(
        {"a tenth left, and falling": {LEFT: "30-0.05x600", SIZE: "100x600"}},
        {
            "a tenth left, and staying": {LEFT: "10x600", SIZE: "100x600"},
            "falling, with much left": {LEFT: "90-0.05x600", SIZE: "100x600"},
        },
        at="8h",
    ),
    "VolumeFull": Case({"2 % left": {LEFT: "2x60", SIZE: "100x60"}}, {"4 % left": {LEFT: "4x60", SIZE: "100x60"}}),
    "ClaimNotBound": Case(
        {
            phase: {f'kube_persistentvolumeclaim_status_phase{{persistentvolumeclaim="a", phase="{phase}"}}': "1x60"}
            for phase in ("Pending", "Lost")
        },
        {"bound": {'kube_persistentvolumeclaim_status_phase{persistentvolumeclaim="a", phase="Bound"}': "1x60"}},
    ),
}

SUPPLY = {
    "RegistryDown": Case({"none ready": {MLFLOW: "0x60"}, "removed": nodes(1)}, {"one ready": {MLFLOW: "1x60"}}),
    "ImagePullFailing": Case(
        {"service": waiting("ImagePullBackOff"), "init container": waiting("ErrImagePull", "pod_init_container")},
        {"it only starts": waiting("ContainerCreating")},
    ),
    "SecretsNotSynced": Case(
        {"not": {'externalsecret_status_condition{name="a", condition="Ready", status="False"}': "1x60"}},
        {
            "synced": {'externalsecret_status_condition{name="a", condition="Ready", status="True"}': "1x60"},
            "ten minutes": {
                'externalsecret_status_condition{name="a", condition="Ready", status="False"}': "0x50 1x10"
            },
        },
    ),
    "CertificateExpiring": Case(
        {"13 days": {CERTIFICATE: f"{13 * DAY}x120"}}, {"15 days": {CERTIFICATE: f"{15 * DAY}x120"}}, at="2h"
    ),
    "CertificateExpiresSoon": Case({"1 day": {CERTIFICATE: f"{DAY}x60"}}, {"3 days": {CERTIFICATE: f"{3 * DAY}x60"}}),
}

BACKUPS = {
    "BackupOverdue": Case(
        {"7 hours ago": {SUCCEEDED: "75600x120"}, "never": {CREATED: "75600x120"}},
        {
            "5 hours ago": {SUCCEEDED: "82800x120", CREATED: "0x120"},
            "another job": {SUCCEEDED.replace("backup-check", "clean-up"): "0x120"},
        },
        at="28h",
        step="15m",
    ),
    "BackupFailed": Case(
        {"one": {'kube_job_failed{namespace="platform", job_name="backup-check-1", condition="true"}': "1x60"}},
        {
            "no": {'kube_job_failed{namespace="platform", job_name="backup-check-1", condition="false"}': "1x60"},
            "another job": {'kube_job_failed{namespace="platform", job_name="migrate-1", condition="true"}': "1x60"},
        },
    ),
    "BackupSuspended": Case(
        {"yes": {'kube_cronjob_spec_suspend{namespace="platform", cronjob="backup-check"}': "1x120"}},
        {
            "no": {'kube_cronjob_spec_suspend{namespace="platform", cronjob="backup-check"}': "0x120"},
            "half an hour": {'kube_cronjob_spec_suspend{namespace="platform", cronjob="backup-check"}': "0x90 1x30"},
        },
        at="2h",
    ),
}

WATCHING = {
    "TargetsDown": Case(
        {"one of two": {f'up{{job="loki", namespace="observability", instance="{n}"}}': f"{n}x60" for n in (0, 1)}},
        {
            "a service, which tells of itself": {'up{job="fraud", namespace="services", instance="a"}': "0x60"},
            "one of twenty": {
                f'up{{job="kubelet", namespace="kube-system", instance="{n}"}}': f"{int(n > 0)}x60" for n in range(20)
            },
        },
    ),
    "ClusterMetricsAbsent": Case({"nothing": {'up{job="prometheus"}': "1x60"}}, {"a node": nodes(1)}),
    "RulesFailing": Case(
        {"one": {'prometheus_rule_evaluation_failures_total{rule_group="a"}': "0x50 1x10"}},
        {"an hour ago": {'prometheus_rule_evaluation_failures_total{rule_group="a"}': "0x10 1x50"}},
    ),
    "ConfigurationRefused": Case(
        {f"{name}": {f"{name}_config_last_reload_successful": "0x60"} for name in ("prometheus", "alertmanager")},
        {"both take it": {f"{name}_config_last_reload_successful": "1x60" for name in ("prometheus", "alertmanager")}},
    ),
    "AlertmanagerUnreachable": Case(
        {"none": {"prometheus_notifications_alertmanagers_discovered": "0x60"}},
        {"one": {"prometheus_notifications_alertmanagers_discovered": "1x60"}},
    ),
    "NotificationsFailing": Case({"one in twelve": notifications(5)}, {"one in 200": notifications(0.3)}),
}

CASES = {**NODES, **STORAGE, **SUPPLY, **BACKUPS, **WATCHING}
