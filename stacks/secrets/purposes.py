"""The Secrets of a service on the cluster: their names and keys, the same wherever they come from."""

from __future__ import annotations

API_KEYS = "api-keys.json"
AUDIT_KEY = "audit-key.pem"
AUDIT_INPUT_KEY = "audit-input-key"
USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"
CALLER_KEY = "api-key"


def service_secret(service: str) -> str:
    """The Secret that the service reads: hashes of API keys, and the two keys of the audit."""
    return f"{service}-service"


def registry_secret(service: str) -> str:
    """The Secret by which it logs in to the registry."""
    return f"{service}-registry"


def caller_secret(service: str) -> str:
    """The Secret with an API key, for those who try the service in dev."""
    return f"{service}-caller"
