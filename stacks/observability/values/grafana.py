"""Grafana: behind a login, with nothing in it that is not code."""

from __future__ import annotations

from typing import Any

from stacks.platform.charts import PRIORITY, resources

ACCOUNT = "grafana"
"""Its service account; our own roles say what it may read."""

DASHBOARD_LABEL = "grafana_dashboard"
"""A ConfigMap with this label at "1" holds dashboards; its annotation ``grafana_folder`` says where they are shown."""


def grafana(secret: str, namespaces: list[str]) -> dict[str, Any]:
    """Values of Grafana's own chart.

    Args:
        secret: the Secret with the administrator's name and password.
        namespaces: where dashboards are looked for.
    """
    return {
        "fullnameOverride": "grafana",
        "admin": {"existingSecret": secret, "userKey": "admin-user", "passwordKey": "admin-password"},
        "rbac": {"create": False},  # the chart would let it read all Secrets of the cluster
        "serviceAccount": {"name": ACCOUNT},
        "persistence": {"enabled": False},  # what is not code would be lost by somebody one day anyway
        "initChownData": {"enabled": False},  # runs as root, for the volume that there is not
        "testFramework": {"enabled": False},
        "priorityClassName": PRIORITY,
        "resources": resources("100m", "512Mi"),
        "grafana.ini": INI,
        "additionalDataSources": DATA_SOURCES,
        "sidecar": {
            "resources": resources("10m", "128Mi"),
            "dashboards": {
                "enabled": True,
                "label": DASHBOARD_LABEL,
                "labelValue": "1",
                "folderAnnotation": "grafana_folder",
                "searchNamespace": namespaces,
                "resource": "configmap",
                "provider": {"foldersFromFilesStructure": True, "allowUiUpdates": False},
            },
            "datasources": {"enabled": True, "resource": "configmap"},
        },
    }


INI = {
    "auth.anonymous": {"enabled": False},
    "users": {"allow_sign_up": False},
    "security": {"disable_gravatar": True, "content_security_policy": True},
    "snapshots": {"external_enabled": False},
    "analytics": {
        "reporting_enabled": False,
        "check_for_updates": False,
        "check_for_plugin_updates": False,
        "feedback_links_enabled": False,
    },
}

DATA_SOURCES: list[dict[str, Any]] = [
    {
        "name": "Loki",
        "uid": "loki",
        "type": "loki",
        "access": "proxy",
        "url": "http://loki:3100",
        "jsonData": {
            "derivedFields": [  # from a line of the log to its trace
                {
                    "name": "trace",
                    "datasourceUid": "tempo",
                    "matcherRegex": '"trace_id":\\s*"(\\w+)"',
                    "url": "$${__value.raw}",
                }
            ]
        },
    },
    {
        "name": "Tempo",
        "uid": "tempo",
        "type": "tempo",
        "access": "proxy",
        "url": "http://tempo:3200",
        "jsonData": {"tracesToLogsV2": {"datasourceUid": "loki", "filterByTraceID": True}},
    },
]
"""Beside Prometheus and Alertmanager, which the chart provisions itself."""
