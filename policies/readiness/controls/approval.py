"""G2: nothing reaches production unless somebody other than its maker agreed, and a machine enforces that."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.alert_rules import is_test
from readiness.controls.subjects import repository, source
from readiness.controls.wired import IsIt, wired
from readiness.facts import Facts
from readiness.facts.approvals import is_asked, verifies_approval
from readiness.facts.job import Job
from readiness.facts.module import Module
from readiness.facts.repository import Repository
from readiness.facts.shell import Call
from readiness.facts.unknown import UnknownValue

SLSA = "https://slsa.dev/spec/v1.0/"
ENVIRONMENTS = "https://docs.github.com/en/actions/managing-workflow-runs-and-deployments/managing-deployments"
PROD = re.compile(r"(?i)prod|live|release")
PROTECTION = re.compile(r"\bgithub_repository_environment\b|\bRepositoryEnvironment\(")  # Terraform's, Pulumi's
PROMOTES = re.compile(r"(^|\.)(transition_model_version_stage|set_registered_model_alias)$")


VERBS = {
    "argocd": {"sync"},
    "aws": {"deploy", "update-service", "create-deployment"},
    "az": {"deploy", "update"},
    "bentoml": {"deploy"},
    "flux": {"reconcile"},
    "gcloud": {"deploy"},
    "helm": {"upgrade", "install"},
    "helmfile": {"apply", "sync"},
    "kubectl": {"apply", "set", "rollout", "replace", "create"},
    "pulumi": {"up", "update"},
    "terraform": {"apply"},
}


def is_deployment(call: Call) -> bool:
    """Whether a call changes what runs."""
    if call.has("--dry-run", "--preview-only"):
        return False
    if call.program == "ssh":
        return any("docker" in word or "restart" in word for word in call.words[2:])  # the first is the host
    return call.program == "ansible-playbook" or bool(VERBS.get(call.program, set()) & set(call.words[1:5]))


def deployment(facts: Facts) -> IsIt:
    """Whether a call changes what runs: by a tool, or by a module of the repository that starts one."""

    def is_it(call: Call) -> bool:
        return is_deployment(call) or any(map(starts_a_tool, facts.code.of(facts.code.package(call.words[0]))))

    return is_it


def starts_a_tool(module: Module) -> bool:
    texts = {text for text, _ in module.strings}
    return "subprocess" in module.packages and any(tool in texts and verbs & texts for tool, verbs in VERBS.items())


def deploys(job: Job, facts: Facts) -> bool:
    return any(map(deployment(facts), job.calls))


@control(
    id="G2.deployed-by-workflow",
    title="A workflow deploys, not a person",
    why="what somebody deploys from a laptop was reviewed by nobody and is recorded nowhere",
    remedy="add a job: helm upgrade --install NAME chart  (or an Application of Argo CD that follows the repository)",
    severity="medium",
    kind="repository",
    sources=(SLSA,),
    subjects=repository,
)
def deployed_by_workflow(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if followed(facts):
        return
    yield from wired(facts, deployment(facts), "a deployment", may_be_manual=True)


def followed(facts: Facts) -> bool:
    """Whether a controller in the cluster follows a repository by itself."""
    return any(facts.resources.of("Application", "ApplicationSet", group="argoproj.io")) or any(
        facts.resources.of("Kustomization", group="kustomize.toolkit.fluxcd.io")
    )


@control(
    id="G2.approval-enforced",
    title="A machine refuses what nobody approved",
    why="an approval that is only agreed on is skipped on the first urgent evening",
    remedy="let the service verify a signed approval of its model; or environment: production with required reviewers",
    severity="critical",
    kind="repository",
    sources=(ENVIRONMENTS, "NIST SP 800-53 CM-3"),
    subjects=source,
    needs="source code",
)
def approval_enforced(repo: Repository, facts: Facts) -> Iterator[Problem]:
    verifying = [module for module in facts.code.serving if verifies_approval(module)]
    if any(is_asked(module, facts.code) for module in verifying) or signed_images_only(facts):
        return
    if verifying:
        yield Problem("it verifies a signed approval, but nothing in the service calls it", 1, verifying[0].file)
        return
    to_production = [job for job in facts.pipelines.jobs if deploys(job, facts) or PROD.search(job.environment)]
    for job in to_production:
        yield from unapproved(job, facts)
    if not to_production:
        by_itself = next(((m, line) for m in facts.code.product if (line := promotes(m))), None)
        if by_itself:
            yield Problem(
                "the code that trains a model also promotes it: nobody is asked", by_itself[1], by_itself[0].file
            )
        else:
            yield Problem("nothing asks for an approval: no signed approval is verified, no deployment is gated")


def signed_images_only(facts: Facts) -> bool:
    """Whether the cluster admits signed images only."""
    return any("verifyImages" in str(dict(one.body)) for one in facts.resources.of("ClusterPolicy", "Policy")) or any(
        facts.resources.of("ClusterImagePolicy")
    )


def promotes(module: Module) -> int | None:
    return next((call.lineno for name, call in module.calls if PROMOTES.search(name)), None)


def unapproved(job: Job, facts: Facts) -> Iterator[Problem]:
    """What is missing at one job that deploys."""
    if job.gate == "input" and job.approvers:
        return
    if job.gate == "input":
        yield Problem(f"stage {job.name} asks, but anybody may answer: input has no submitter", job.line, job.file)
    elif PROD.search(job.environment):
        if not reviewers_in_code(facts):
            where = "the settings of the CI, not in the repository"
            raise UnknownValue(
                f"who has to approve environment {job.environment} of job {job.name} stands in {where}; it"
            )
    elif job.gate == "manual":
        yield Problem(f"whoever can push can start job {job.name}: it has no protected environment", job.line, job.file)
    else:
        yield Problem(f"job {job.name} deploys, and nobody is asked", job.line, job.file)


def reviewers_in_code(facts: Facts) -> bool:
    """Whether the protection of environments is itself code here."""
    return any(
        PROTECTION.search(file.text) and "reviewers" in file.text
        for file in facts.repository.role("terraform", "python")
    )


@control(
    id="G2.tests-run",
    title="CI runs the tests before anything is merged",
    why="a test that nothing runs protects nothing, and rots until nobody can run it",
    remedy="add a job: python -m pytest",
    severity="high",
    kind="repository",
    sources=("https://sre.google/sre-book/testing-reliability/",),
    subjects=source,
    needs="source code",
)
def tests_run(repo: Repository, facts: Facts) -> Iterator[Problem]:
    tests = [module for module in facts.code.tests if any(one.name.startswith("test") for one in module.functions)]
    if not tests:
        yield Problem("there are no tests")
        return
    yield from wired(facts, is_test, f"{len(tests)} files of tests")


@control(
    id="G2.owners-review",
    title="CODEOWNERS names who has to review what",
    why="without owners any colleague's click counts as a review of the model, the infrastructure and the rules alike",
    remedy="echo '* @team' > .github/CODEOWNERS, and demand their review in the branch's rules",
    severity="low",
    kind="repository",
    sources=("https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features",),
    subjects=repository,
    mandatory=False,
)
def owners_review(repo: Repository, facts: Facts) -> Iterator[Problem]:
    files = list(repo.role("codeowners"))
    if not files:
        yield Problem("there is no CODEOWNERS")
    for file in files:
        if not any("@" in line and not line.startswith("#") for line in file.lines):
            yield Problem("it names nobody", file=file.path)


CONTROLS = (deployed_by_workflow, approval_enforced, tests_run, owners_review)
