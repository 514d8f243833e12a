"""The pod of MLflow's server: restricted, with a read-only root, and without a token of the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output

from stacks.registry.settings import MlflowSettings
from stacks.registry.storage import Storage

PORT = 5000
USER = 10001
PRE_STOP = 5
"""Seconds in which no new request is sent to a pod before it is told to stop."""
ADMIN = ("MLFLOW_AUTH_ADMIN_USERNAME", "MLFLOW_AUTH_ADMIN_PASSWORD")
CONFIG_FOLDER = "/etc/mlflow"
ACCOUNTS_FOLDER = "/etc/accounts"
LOCKED = {
    "allow_privilege_escalation": False,
    "read_only_root_filesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
UNPRIVILEGED = {
    "run_as_non_root": True,
    "run_as_user": USER,
    "run_as_group": USER,
    "fs_group": USER,
    "seccomp_profile": {"type": "RuntimeDefault"},
}
TMP = {"name": "tmp", "mount_path": "/tmp"}


@dataclass(frozen=True)
class PodArgs:
    """What the pod is made of.

    Attributes:
        image: MLflow's image, which is ours.
        settings: workers and resources.
        storage: where its data is.
        hosts: by which names it is asked; to any other it answers 403.
        admin: the Secret with the administrator and the key of the sessions.
        accounts: the Secret with a password for each account.
        config: the ConfigMap with ``basic_auth.ini``.
        service_account: under which it runs.
    """

    image: Input[str]
    settings: MlflowSettings
    storage: Storage
    hosts: list[str]
    admin: Input[str]
    accounts: Input[str]
    config: Input[str]
    service_account: Input[str]


def pod(args: PodArgs) -> dict[str, Any]:
    """The pod's specification."""
    volumes = [
        {"name": "tmp", "empty_dir": {"medium": "Memory", "size_limit": "64Mi"}},
        {"name": "config", "config_map": {"name": args.config}},
        {"name": "accounts", "secret": {"secret_name": args.accounts, "default_mode": 0o440}},
        *args.storage.volumes,
    ]
    return {
        "service_account_name": args.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "priority_class_name": "airworthy-platform",
        "security_context": UNPRIVILEGED,
        "init_containers": _migrations(args),
        "containers": [_server(args), _accounts(args)],
        "volumes": volumes,
    }


def _migrations(args: PodArgs) -> list[dict[str, Any]]:
    """Makes the tables, those of the accounts too, or brings them to the image's version.

    Of two pods that begin together PostgreSQL lets one do it; the other fails, is started again, and finds it done. The
    server makes the accounts' tables as well, but each of its workers for itself, so they are made before it starts.
    """
    accounts = ["python", "-m", "mlflow.server.auth", "db", "upgrade", "--url", args.storage.accounts]
    return [
        _migration(args, "migration", {"args": ["db", "upgrade", args.storage.database]}),
        _migration(args, "accounts-migration", {"command": accounts}),
    ]


def _migration(args: PodArgs, name: str, how: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "image": args.image,
        **how,
        "env": _plain(args.storage.environment),
        "volume_mounts": [TMP, *args.storage.mounts],
        "security_context": LOCKED,
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
    }


def _server(args: PodArgs) -> dict[str, Any]:
    storage, settings = args.storage, args.settings
    environment = {
        "MLFLOW_AUTH_CONFIG_PATH": f"{CONFIG_FOLDER}/basic_auth.ini",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # four more processes, for what no registry does
        **storage.environment,
    }
    health = {"http_get": {"path": "/health", "port": "http"}}
    return {
        "name": "mlflow",
        "image": args.image,
        "args": [
            "server",
            "--app-name=basic-auth",
            "--host=0.0.0.0",
            f"--port={PORT}",
            f"--workers={settings.workers}",
            f"--backend-store-uri={storage.database}",
            Output.concat("--artifacts-destination=", storage.artifacts),
            f"--allowed-hosts={','.join(args.hosts)}",
        ],
        "env": _plain(environment),
        "env_from": [{"secret_ref": {"name": args.admin}}],
        "ports": [{"name": "http", "container_port": PORT}],
        "volume_mounts": [TMP, {"name": "config", "mount_path": CONFIG_FOLDER, "read_only": True}, *storage.mounts],
        "lifecycle": {"pre_stop": {"sleep": {"seconds": PRE_STOP}}},
        # It takes half a minute where CPU is short; after five it will not come up any more.
        "startup_probe": {**health, "period_seconds": 5, "failure_threshold": 60},
        "readiness_probe": {**health, "period_seconds": 10, "timeout_seconds": 5},
        "liveness_probe": {**health, "period_seconds": 20, "timeout_seconds": 10, "failure_threshold": 6},
        "security_context": LOCKED,
        "resources": {
            "requests": {"cpu": settings.cpu, "memory": settings.memory},
            "limits": {"memory": settings.memory},
        },
    }


def _accounts(args: PodArgs) -> dict[str, Any]:
    """Keeps the accounts what the Secret says, also when it changes."""
    admin = [{"name": key, "value_from": {"secret_key_ref": {"name": args.admin, "key": key}}} for key in ADMIN]
    return {
        "name": "accounts",
        "image": args.image,
        "command": ["python", "accounts.py", ACCOUNTS_FOLDER],
        "env": [{"name": "MLFLOW_TRACKING_URI", "value": f"http://127.0.0.1:{PORT}"}, *admin],
        "volume_mounts": [TMP, {"name": "accounts", "mount_path": ACCOUNTS_FOLDER, "read_only": True}],
        "security_context": LOCKED,
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
    }


def _plain(environment: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in environment.items()]
