"""Secrets where they do not belong: in objects, in files, in images, and no scan that finds them.

Each is put together from parts, so that no scanner of this repository takes it for one.
"""

from faults.fault import fault
from faults.files import appended, matched, replaced, written
from faults.planned import Planned, kubernetes

ENVIRONMENT = Planned("ConfigMap", "tumour-diagnosis-environment")
AWS_KEY = "AKIA" + "Q3EGRTB7WLX2MZPD"
PASSWORD = "".join(("Tr4cking", "-9sK2-", "w8QzLm"))
PRIVATE = "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"

TABLE = (
    fault("a password in a ConfigMap", ENVIRONMENT.put("data.REDIS_PASSWORD", PASSWORD), "S2.config-literals"),
    fault(
        "an address with its password in a ConfigMap",
        ENVIRONMENT.put("data.SERVICE_REDIS", f"redis://service:{PASSWORD}@cache:6379/0"),
        "S2.config-literals",
    ),
    fault(
        "a Secret written out",
        kubernetes("v1", "Secret", "registry-login", "services", stringData={"password": PASSWORD}),
        "S2.secret-not-written-out",
    ),
    fault(
        "a key of AWS in the source",
        appended("src/training/storage.py", f'\nKEY_ID = "{AWS_KEY}"\n'),
        "S2.no-secret-in-files",
    ),
    fault(
        "a password in the source",
        appended("src/service/remote.py", f'\nREDIS_PASSWORD = "{PASSWORD}"\n'),
        "S2.no-secret-in-files",
    ),
    fault(
        "a password in the settings of a stack",
        appended("deploy/Pulumi.prod.yaml", f'  "tumour-diagnosis:registry_password": "{PASSWORD}"\n'),
        "S2.no-secret-in-files",
    ),
    fault("a private key beside the source", written("deploy/tls.key", PRIVATE), "S2.no-secret-in-files"),
    fault(
        "a token in the CI",
        replaced(
            ".github/workflows/ci.yml", "${{ secrets.MLFLOW_TRACKING_TOKEN }}", "ghp" + "_" + "a8Kd03jfLs92MnQp47Xz" * 2
        ),
        "S2.no-secret-in-files",
    ),
    fault(
        "a password in a page",
        appended("runbooks/on-call.md", f"\n`psql postgres://mlflow:{PASSWORD}@database/mlflow`\n"),
        "S2.no-secret-in-files",
    ),
    fault(
        "a file of environment variables is kept",
        written(".env.prod", "SERVICE_ENVIRONMENT=prod\n"),
        "S2.no-env-file",
    ),
    fault(
        "the image holds a password",
        replaced("Dockerfile", "ENV PATH=/opt/venv/bin:$PATH", f"ENV API_TOKEN={PASSWORD} PATH=/opt/venv/bin:$PATH"),
        "S2.image-without-secrets",
    ),
    fault(
        "the image takes a token as an argument",
        matched("Dockerfile", "^FROM .* AS build$", "ARG PIP_TOKEN=" + PASSWORD + "\\n\\g<0>"),
        "S2.image-without-secrets",
    ),
    fault(
        "a stage of the image takes a token as an argument",
        matched("Dockerfile", "^FROM .* AS build$", "\\g<0>\\nARG PIP_TOKEN=" + PASSWORD),
        "S2.image-without-secrets",
    ),
    fault(
        "the image holds a key",
        matched("Dockerfile", "^USER .*", "COPY audit-key.pem /opt/app/\\n\\g<0>"),
        "S2.image-without-secrets",
    ),
    fault("lint looks for no secrets", matched("Makefile", r"^.*detect-secrets-hook.*\n", ""), "S2.secrets-scanned"),
    fault(
        "secrets that lint finds stop nothing",
        replaced("Makefile", "--baseline .secrets.baseline", "--baseline .secrets.baseline || true"),
        "S2.secrets-scanned",
    ),
)
