"""What a file is for, told from its path alone. One table: to make the gate know a kind of file, add a row."""

from __future__ import annotations

import re
from functools import cache

ROLES: dict[str, str] = {
    "dockerfile": r"(^|/)(Dockerfile|Containerfile)(\.(?!dockerignore$)[\w-]+)?$|\.(dockerfile|Dockerfile)$",
    "dockerignore": r"(^|/)\.dockerignore$",
    "compose": r"(^|/)(docker-)?compose(\.[\w-]+)?\.ya?ml$",
    "ci-github": r"^\.github/workflows/[^/]+\.ya?ml$",
    "ci-gitlab": r"^\.gitlab-ci\.ya?ml$|^\.gitlab/.*\.ya?ml$",
    "ci-jenkins": r"(^|/)Jenkinsfile([.-][\w.-]+)?$",
    "helm-chart": r"(^|/)Chart\.ya?ml$",
    "helm-template": r"(^|/)templates/.*\.(ya?ml|tpl)$",
    "kustomization": r"(^|/)kustomization\.ya?ml$|(^|/)Kustomization$",
    "terraform": r"\.tf(\.json)?$",
    "pulumi": r"(^|/)Pulumi\.ya?ml$",
    "pulumi-stack": r"(^|/)Pulumi\.[\w-]+\.ya?ml$",
    "yaml": r"(?<!^readiness-waivers)\.ya?ml$",  # the words of a waiver must not meet any other demand
    "python": r"\.py$",
    "python-test": r"(^|/)(tests?/.*\.py|test_[^/]*\.py|[^/]*_test\.py|conftest\.py)$",
    "notebook": r"\.ipynb$",
    "pyproject": r"(^|/)pyproject\.toml$",
    "requirements": r"(^|/)(requirements[^/]*\.(txt|in)|requirements/[^/]*\.(txt|in))$",
    "lock": r"(^|/)(uv\.lock|poetry\.lock|Pipfile\.lock|pdm\.lock|conda-lock\.yml|pylock(\.[\w-]+)?\.toml)$",
    "makefile": r"(^|/)(GNUmakefile|Makefile|makefile|[^/]+\.mk)$",
    "shell": r"\.(sh|bash)$",
    "licence": r"(^|/)(LICEN[CS]E|COPYING)(\.\w+)?$",
    "readme": r"(^|/)README(\.\w+)?$",
    "markdown": r"\.(md|markdown|rst)$",
    "runbook": r"(^|/)(runbooks?|playbooks?)/.*\.(md|rst)$",
    "dashboard": r"(^|/)dashboards?/.*\.json$",
    "dvc": r"(^|/)dvc\.(yaml|lock)$|\.dvc$",
    "env": r"(^|/)\.env(\.[\w-]+)?$",
    "pre-commit": r"^\.pre-commit-config\.ya?ml$",
    "updates": r"^(\.github/)?renovate\.json5?$|^\.renovaterc(\.json)?$|^\.github/dependabot\.ya?ml$",
    "waivers": r"^readiness-waivers\.yaml$",
    "codeowners": r"^(\.github/|docs/)?CODEOWNERS$",
    "evidence": r"^evidence/.*\.json$",
    "signers": r"^(approvers|evidence/signers)\.toml$",
}
PATTERNS = {role: re.compile(pattern) for role, pattern in ROLES.items()}


@cache
def roles_of(path: str) -> tuple[str, ...]:
    """The roles of a file, in the order of the table; it may have several, or none."""
    return tuple(role for role, pattern in PATTERNS.items() if pattern.search(path))
