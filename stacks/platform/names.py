"""Names on which the stacks and the services' own deployments rely."""

from __future__ import annotations

PRODUCT = "airworthy"
"""Starts the names of the projects and of cloud resources."""

CLUSTER = f"{PRODUCT}-cluster"
SECRETS = f"{PRODUCT}-secrets"
REGISTRY = f"{PRODUCT}-registry"
OBSERVABILITY = f"{PRODUCT}-observability"

REGISTRY_ACCOUNTS = "mlflow-accounts"
"""The Secret of MLflow's accounts, in the namespace ``platform``: each key is a user's name, its value the password."""

BACKUP_CHECK = "backup-check"
"""The CronJob, in the namespace ``platform``, that succeeds as long as AWS has young enough copies of our data."""

SERVICES_NAMESPACE = "services"
"""Where the machine-learning services run."""

PLATFORM_NAMESPACE = "platform"
"""Where the platform's own servers run, such as MLflow."""

OBSERVABILITY_NAMESPACE = "observability"
"""Where metrics, logs and traces are collected."""

ROLLOUTS_NAMESPACE = "argo-rollouts"
"""Where Argo Rollouts runs, which puts a new version of a service in the place of the old one."""

KEDA_NAMESPACE = "keda"
"""Where KEDA runs, which scales services by what Prometheus knows of them."""

CONTROLLERS = {ROLLOUTS_NAMESPACE: 8090, KEDA_NAMESPACE: 8080}
"""The namespaces of both, and on which port their pods tell their metrics. Both ask Prometheus."""

PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
"""The labels of Prometheus' pods, in its namespace."""

PROMETHEUS_PORT = 9090
