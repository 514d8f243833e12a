"""The pod: a container that fetches the approved model and ends, then the service, with no right it does not need."""

from __future__ import annotations

from math import ceil

import pulumi

from deploy.app import USER, App, Spec
from deploy.config import APPROVERS, Config
from service.settings import Settings as ServiceSettings

PORT = int(ServiceSettings.model_fields["port"].default)
ALIVE, READY = "/healthz", "/readyz"
PRE_STOP = 5
"""Seconds in which load balancers take a pod out before it is told to stop."""
END = 15
"""Seconds that the service may take to end beyond its periods of draining and grace: records, traces, workers."""
STARTING = 60
"""Seconds for the service to start on a busy node; alone it takes about one."""
PULL_MEMORY = "512Mi"
SERVICE_SECRETS = ("api-keys.json", "audit-key.pem", "audit-input-key")
REGISTRY_SECRETS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")


def template(app: App, config: Config, tracking_uri: pulumi.Input[str]) -> Spec:
    """The pods of the release.

    Args:
        app: what is released.
        config: what they are told.
        tracking_uri: where the model is fetched from.
    """
    return {"metadata": {"labels": app.labels}, "spec": _spec(app, config, tracking_uri)}


def grace_seconds(app: App) -> int:
    """How long a pod may take to end before it is killed: all that its requests are promised."""
    told = app.settings.service.settings
    return PRE_STOP + ceil(told.drain_seconds) + told.grace_seconds + END


def _spec(app: App, config: Config, tracking_uri: pulumi.Input[str]) -> Spec:
    chosen = app.settings
    spec = {
        "serviceAccountName": app.name,
        "automountServiceAccountToken": False,
        # Kubernetes would add variables such as SERVICE_HOST, which the service would take for its own settings.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace_seconds(app),
        "topologySpreadConstraints": _spread(app),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_pull(app, tracking_uri)],
        "containers": [_service(app, config)],
        "volumes": _volumes(app, config),
    }
    return {**spec, **({"priorityClassName": chosen.priority_class} if chosen.priority_class else {})}


def _pull(app: App, tracking_uri: pulumi.Input[str]) -> Spec:
    """Fetches the model, and checks it exactly as the service will."""
    version = app.settings.model_version
    secrets = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": f"{app.name}-registry", "key": key}}}
        for key in REGISTRY_SECRETS
    ]
    return {
        "name": "pull",
        "image": app.settings.pull_image,
        "args": ["pull", *([version] if version else [])],
        "env": [
            {"name": "TRAINING_ENVIRONMENT", "value": app.settings.environment},
            {"name": "MLFLOW_TRACKING_URI", "value": tracking_uri},
            *secrets,
        ],
        "resources": {
            "requests": {"cpu": "100m", "memory": PULL_MEMORY},
            "limits": {"memory": PULL_MEMORY},
        },
        "securityContext": _locked(),
        "volumeMounts": [
            {"name": "approvers", "mountPath": "/config", "readOnly": True},
            {"name": "models", "mountPath": "/models"},
            {"name": "pull-tmp", "mountPath": "/tmp"},
        ],
    }


def _service(app: App, config: Config) -> Spec:
    resources = app.settings.resources
    return {
        "name": "service",
        "image": app.settings.image,
        "envFrom": [{"configMapRef": {"name": config.environment}}],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": _probe(ALIVE, period=1, failures=STARTING),
        "livenessProbe": _probe(ALIVE, period=10, failures=3),
        "readinessProbe": _probe(READY, period=2, failures=2),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP}}},
        "resources": {
            "requests": {"cpu": resources.cpu, "memory": resources.memory},
            "limits": {"memory": resources.memory},
        },
        "securityContext": _locked(),
        "volumeMounts": [
            {"name": "config", "mountPath": "/config", "readOnly": True},
            {"name": "models", "mountPath": "/models", "readOnly": True},
            {"name": "audit", "mountPath": "/audit"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def _volumes(app: App, config: Config) -> Spec:
    approvers = {"name": config.approvers, "items": [{"key": APPROVERS, "path": APPROVERS}]}
    secrets = {"name": f"{app.name}-service", "items": [{"key": key, "path": key} for key in SERVICE_SECRETS]}
    audit = {"persistentVolumeClaim": {"claimName": f"{app.name}-audit"}}
    return [
        {"name": "approvers", "configMap": approvers},
        {
            "name": "config",
            "projected": {"defaultMode": 0o440, "sources": [{"configMap": approvers}, {"secret": secrets}]},
        },
        {"name": "models", **_empty("2Gi")},
        {"name": "audit", **(audit if app.settings.audit_volume else _empty("2Gi"))},
        {"name": "tmp", **_empty("256Mi")},
        {"name": "pull-tmp", **_empty("2Gi")},
    ]


def _spread(app: App) -> Spec:
    """Over zones as the settings say, and over nodes where that is possible."""
    zones = "DoNotSchedule" if app.settings.spread == "required" else "ScheduleAnyway"
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": otherwise,
            "labelSelector": {"matchLabels": app.selector},
        }
        for key, otherwise in (("topology.kubernetes.io/zone", zones), ("kubernetes.io/hostname", "ScheduleAnyway"))
    ]


def _probe(path: str, period: int, failures: int) -> Spec:
    request = {"path": path, "port": "http"}
    return {"httpGet": request, "periodSeconds": period, "timeoutSeconds": 2, "failureThreshold": failures}


def _locked() -> Spec:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _empty(limit: str) -> Spec:
    return {"emptyDir": {"sizeLimit": limit}}
