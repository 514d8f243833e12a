"""Actions of GitHub and templates of GitLab as the programs they run, so that controls know programs only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.facts.shell import Call

# The start of an action's name -> what it runs.
ACTIONS: tuple[tuple[str, str], ...] = (
    ("aquasecurity/trivy-action", "trivy"),
    ("anchore/scan-action", "grype"),
    ("snyk/actions", "snyk test"),
    ("pypa/gh-action-pip-audit", "pip-audit"),
    ("google/osv-scanner-action", "osv-scanner"),
    ("actions/dependency-review-action", "dependency-review"),
    ("docker/scout-action", "docker scout cves"),
    ("gitleaks/gitleaks-action", "gitleaks detect"),
    ("trufflesecurity/trufflehog", "trufflehog --fail"),
    ("GitGuardian/ggshield-action", "ggshield secret scan"),
    ("pre-commit/action", "pre-commit run"),
    ("docker/build-push-action", "docker build"),
    ("docker/bake-action", "docker buildx bake"),
    ("redhat-actions/buildah-build", "buildah build"),
    ("bentoml/build-bento-action", "bentoml build"),
    ("github/codeql-action/analyze", "codeql"),
    ("bridgecrewio/checkov-action", "checkov"),
    ("grafana/k6-action", "k6 run"),
    ("grafana/run-k6-action", "k6 run"),
    ("pulumi/actions", "pulumi up"),
    ("azure/k8s-deploy", "kubectl apply"),
    ("azure/k8s-bake", "helm template"),
    ("google-github-actions/deploy-cloudrun", "gcloud run deploy"),
    ("aws-actions/amazon-ecs-deploy-task-definition", "aws ecs deploy"),
    ("sigstore/cosign-installer", "cosign version"),
    ("anchore/sbom-action", "syft"),
    ("infracost/actions", "infracost diff"),
)
TEMPLATES: tuple[tuple[str, str], ...] = (
    ("Secret-Detection", "gitleaks detect"),
    ("Dependency-Scanning", "gemnasium"),
    ("Container-Scanning", "trivy --exit-code"),
    ("SAST", "semgrep"),
    ("License-Scanning", "license-scanning"),
)


def of_action(uses: str, inputs: Mapping[str, Any], file: str, line: int) -> Call:
    """An action as a call: its own name when nobody knows what it runs."""
    name = uses.partition("@")[0]
    known = next((runs for begin, runs in ACTIONS if name.lower().startswith(begin.lower())), f"uses {uses}")
    given = (f"--{key}={value}" for key, value in inputs.items())
    return Call((*known.split(), *given), file, line, (f"uses: {uses}",))


def of_template(template: str, file: str, line: int) -> Call | None:
    known = next((runs for begin, runs in TEMPLATES if begin in template), None)
    return Call(tuple(known.split()), file, line, (f"include: {template}",)) if known else None
