"""Deployments and approvals: which commands deploy, and who has to agree before they do."""

import pytest
from judged import SERVICE, ci, kubernetes, refuses, verdicts

from readiness.control import Verdict

DEPLOYS = "helm upgrade web chart"
STARTS = 'import subprocess\n\nsubprocess.run(["pulumi", "{}"])\n'


@pytest.mark.parametrize(
    ("command", "deploys"),
    [
        ("argocd app sync web", True),
        ("aws deploy push", True),
        *((f"aws ecs {verb}", True) for verb in ("update-service", "create-deployment")),
        *((f"az containerapp {verb}", True) for verb in ("deploy", "update")),
        ("bentoml deploy .", True),
        ("flux reconcile kustomization web", True),
        ("gcloud run deploy web", True),
        *((f"helm {verb} web chart", True) for verb in ("upgrade", "install")),
        *((f"helmfile {verb}", True) for verb in ("apply", "sync")),
        *((f"kubectl {verb} web", True) for verb in ("apply", "set", "rollout", "replace", "create")),
        *((f"pulumi {verb}", True) for verb in ("up", "update")),
        ("terraform apply", True),
        ("ansible-playbook site.yml", True),
        ("ssh web.example.com sudo docker compose up", True),
        ("ssh web.example.com systemctl restart web", True),
        ("ssh web.example.com 'docker compose up'", True),
        ("ssh docker.example.com ls", False),
        ("kubectl get pods -l app=web apply", False),
        ("kubectl apply --dry-run=server -f web.yaml", False),
        ("pulumi up --preview-only", False),
        ("helm template web chart", False),
    ],
)
def test_deployments(command, deploys):
    assert refuses("G2.deployed-by-workflow", files=ci(command)) is not deploys


def test_a_person_may_start_a_deployment():
    assert not refuses("G2.deployed-by-workflow", files=ci(DEPLOYS, when="manual"))


@pytest.mark.parametrize(("verb", "deploys"), [("up", True), ("preview", False)])
def test_a_module_deploys_if_it_starts_a_tool_that_does(verb, deploys):
    files = {"app.py": SERVICE, "release.py": STARTS.format(verb), **ci("python -m release")}
    assert refuses("G2.deployed-by-workflow", files=files) is not deploys
    assert refuses("G2.approval-enforced", files=files)


@pytest.mark.parametrize(
    ("kind", "version", "follows"),
    [
        ("Application", "argoproj.io/v1alpha1", True),
        ("ApplicationSet", "argoproj.io/v1alpha1", True),
        ("Application", "app.k8s.io/v1beta1", False),
        ("Kustomization", "kustomize.toolkit.fluxcd.io/v1", True),
        ("Kustomization", "kustomize.config.k8s.io/v1beta1", False),
    ],
)
def test_controllers_that_follow_a_repository(kind, version, follows):
    assert refuses("G2.deployed-by-workflow", kubernetes(kind, version), files=ci("ls")) is not follows


@pytest.mark.parametrize(
    ("kind", "spec", "signed"),
    [
        ("ClusterPolicy", {"rules": [{"verifyImages": []}]}, True),
        ("Policy", {"rules": [{"verifyImages": []}]}, True),
        ("ClusterPolicy", {"rules": [{"validate": {}}]}, False),
        ("ConfigMap", {"rules": [{"verifyImages": []}]}, False),
        ("ClusterImagePolicy", {}, True),
    ],
)
def test_a_cluster_that_admits_signed_images_only_has_asked(kind, spec, signed):
    assert refuses("G2.approval-enforced", kubernetes(kind, spec=spec), files={"app.py": SERVICE}) is not signed


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        ("main.tf", 'resource "github_repository_environment" "prod" {\n  reviewers {}\n}', True),
        ("main.tf", 'resource "github_repository_environment" "prod" {}', False),
        ("main.tf", "reviewers = 1", False),
        ("main.py", 'github.RepositoryEnvironment("prod", reviewers=[{"teams": [1]}])', True),
        ("main.txt", 'github.RepositoryEnvironment("prod", reviewers=[{"teams": [1]}])', False),
    ],
)
def test_who_approves_an_environment_is_known_if_code_says_it(name, text, known):
    files = {"app.py": SERVICE, name: text, **ci(DEPLOYS, environment="production")}
    assert verdicts("G2.approval-enforced", files=files) == {Verdict.PASS if known else Verdict.NOT_EVALUATED}


@pytest.mark.parametrize("environment", ["staging", ""])
def test_what_deploys_elsewhere_asks_somebody_too(environment):
    assert refuses("G2.approval-enforced", files={"app.py": SERVICE, **ci(DEPLOYS, environment=environment)})
