"""What pods need before they start: models, images, secrets, certificates."""

from __future__ import annotations

from stacks.observability.alerts.alert import Alert
from stacks.platform.names import PLATFORM_NAMESPACE

REGISTRY = f'kube_deployment_status_replicas_available{{namespace="{PLATFORM_NAMESPACE}", deployment="mlflow"}}'
WAITING = '{reason=~"ImagePullBackOff|ErrImagePull|InvalidImageName"}'
CERTIFICATE = "certmanager_certificate_expiration_timestamp_seconds - time()"
DAY = 24 * 3600

ALERTS = (
    Alert(
        "RegistryDown",
        "page",
        f"{REGISTRY} == 0 or absent({REGISTRY})",
        "10m",
        "the model registry is down",
        "Services go on with the models they have, but no pod of theirs can start, and nothing can be approved.",
    ),
    Alert(
        "ImagePullFailing",
        "ticket",
        f"sum by (namespace, pod) (kube_pod_container_status_waiting_reason{WAITING}"
        f" or kube_pod_init_container_status_waiting_reason{WAITING}) > 0",
        "10m",
        "an image cannot be pulled",
        "{{ $labels.pod }} in {{ $labels.namespace }} does not start, as its image cannot be had.",
    ),
    Alert(
        "SecretsNotSynced",
        "ticket",
        'externalsecret_status_condition{condition="Ready", status="False"} == 1',
        "15m",
        "a secret is not brought to the cluster",
        "{{ $labels.name }}: what was rotated does not arrive; pods go on with the old value until it ends.",
    ),
    Alert(
        "CertificateExpiring",
        "ticket",
        f"{CERTIFICATE} < {14 * DAY}",
        "1h",
        "a certificate is not being renewed",
        "{{ $labels.name }} ends in {{ $value | humanizeDuration }}; it should have been renewed long ago.",
    ),
    Alert(
        "CertificateExpiresSoon",
        "page",
        f"{CERTIFICATE} < {2 * DAY}",
        "5m",
        "a certificate ends within two days",
        "{{ $labels.name }} ends in {{ $value | humanizeDuration }}; then callers refuse to talk to what shows it.",
    ),
)
