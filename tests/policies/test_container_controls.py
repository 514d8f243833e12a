"""Images, resources and literals of containers: the many ways to write them."""

import pytest
from judged import kubernetes, pod, refuses

DIGEST = "sha256:" + "0123456789abcdef" * 4
SECRET = "x3q9" + "z8w7k1"  # in two parts, so that no scanner takes it for one


def container(**body):
    return pod(containers=[{"name": "web", "image": "web", **body}])


@pytest.mark.parametrize(
    ("image", "exact"),
    [
        (f"registry.example.com/web@{DIGEST}", True),
        (f"registry.example.com/web:1.4.2@{DIGEST}", True),
        (f"redis@{DIGEST}0", False),
        ("registry.example.com/web:1.4.2", False),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2", False),
        ("localhost/web:1.4.2", False),
        ("registry:5000/web:1.4.2", False),
        *((f"{host}/team/web:1.4.2", True) for host in ("docker.io", "gcr.io", "ghcr.io", "quay.io", "nvcr.io")),
        *((f"{host}/web:1.4.2", True) for host in ("mcr.microsoft.com", "public.ecr.aws", "registry.k8s.io")),
        ("registry.gitlab.com/team/web:1.4.2", True),
        ("team/web:1.4.2", True),
        ("redis:v7.2.4", True),
        ("redis:7.2.4-alpine", True),
        ("minio/minio:RELEASE.2024-01-16T16-07-38Z", True),
        ("busybox:20240116", True),
        ("redis:7.2", False),
        ("python:3.11-slim", False),
        ("redis:stable", False),
        ("redis", False),
    ],
)
def test_images(image, exact):
    assert refuses("D1.image-exact", container(image=image)) is not exact


def test_only_a_model_of_kserve_needs_no_image():
    assert refuses("D1.image-exact", container(image=""))
    model = {"predictor": {"model": {"modelFormat": {"name": "onnx"}}}}
    assert not refuses("D1.image-exact", kubernetes("InferenceService", "serving.kserve.io/v1beta1", spec=model))


@pytest.mark.parametrize(
    ("requests", "limits", "enough"),
    [
        ({"cpu": 1, "memory": "1Gi"}, {"memory": "1Gi"}, True),
        ({"cpu": 1}, {"memory": "1Gi"}, True),
        ({"memory": "1Gi"}, {"memory": "1Gi"}, False),
        ({"cpu": 1, "memory": "1Gi"}, {}, False),
        ({"cpu": 1, "memory": "1Gi"}, {"cpu": 1}, False),
        ({}, {"cpu": 1, "memory": "1Gi"}, True),
    ],
)
def test_requests_and_limits(requests, limits, enough):
    resources = {"requests": requests, "limits": limits}
    assert refuses("R4.requests-and-limits", container(resources=resources)) is not enough


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "postgres", True),
        ("DB_PASSWD", "postgres", True),
        ("SSH_PASSPHRASE", "postgres", True),
        ("dbPassword", "postgres", True),
        ("DB_PASSWORD", "$(OTHER)", False),
        ("DB_PASSWORD", "vault:secret/db#password", False),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db", False),
        ("DB_PASSWORD", "", False),
        ("ALLOW_EMPTY_PASSWORD", "yes", False),
        ("DB_PASSWORD_FILE", SECRET, False),
        *((name, SECRET, True) for name in ("API_KEY", "CLIENT_SECRET", "ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY")),
        *((name, SECRET, True) for name in ("SIGNING_KEY", "apiKey", "encryption-key", "DB_CREDENTIALS")),
        *((f"{name}_TOKEN", SECRET, False) for name in ("EOS", "BOS", "PAD", "UNK", "SEP", "CLS", "MASK", "STOP")),
        ("TLS_SECRET", "web-tls", False),
        ("API_KEY", "/run/secrets/api-key", False),
        ("MAX_TOKENS", "4096", False),
        ("LOG_LEVEL", SECRET, False),
        ("BUCKET", "AKIA" + "ABCDEFGHIJKLMNOP", True),
    ],
)
def test_literals(name, value, secret):
    assert refuses("S2.pod-literals", container(env=[{"name": name, "value": value}])) is secret
    assert refuses("S2.config-literals", kubernetes("ConfigMap", data={name: value})) is secret
    assert refuses("S2.config-literals", kubernetes("ConfigMap", data={"a.env": f"A=b\n{name}={value}\n"})) is secret


def test_a_file_in_a_config_map_is_not_a_password_for_its_name():
    assert not refuses("S2.config-literals", kubernetes("ConfigMap", data={"password": "choose\na long one\n"}))


def test_a_secret_of_another_kind_of_store_is_no_secret_of_kubernetes():
    other = kubernetes("Secret", "vault.example.com/v1", data={"password": SECRET})
    assert not refuses("S2.secret-not-written-out", other, kubernetes("Secret"))


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        (["--api-key", SECRET], True),
        ([f"--api-key={SECRET}"], True),
        ([f"API_KEY={SECRET}"], True),
        (["--api-key", "--verbose", SECRET], False),
        (["--password"], False),
        (["--password", "--verbose"], False),
        (["--api-key-file", SECRET], False),
        (["api-key", SECRET], False),
        (["--verbose", "AKIA" + "ABCDEFGHIJKLMNOP"], True),
        (["AKIA" + "ABCDEFGHIJKLMNOP"], True),
    ],
)
@pytest.mark.parametrize("part", ["command", "args"])
def test_arguments(part, words, secret):
    assert refuses("S2.pod-literals", container(**{part: words})) is secret


@pytest.mark.parametrize(
    ("data", "written"),
    [
        ({"password": SECRET}, True),
        ({"password": ""}, False),
        ({"username": "web", "host": "db.example.com", "port": "5432", "database": "web"}, False),
        ({"tls.crt": "certificate", "ca.crt": "certificate"}, False),
        ({"tls.crt": "certificate", "tls.key": "key"}, True),
    ],
)
@pytest.mark.parametrize("part", ["data", "stringData"])
def test_secrets_that_are_written_out(part, data, written):
    assert refuses("S2.secret-not-written-out", kubernetes("Secret", **{part: data})) is written
