"""Gathers the resources of a repository: manifests in it that can be read as they stand, and those given with it."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.facts.kubernetes import gather, read_text
from readiness.facts.manifests import read
from readiness.facts.repository import Repository
from readiness.facts.resources import Resource, Resources
from readiness.facts.unread import Unread, UnreadError

# YAML that describes no Kubernetes object, whatever is in it.
NO_MANIFESTS = frozenset({"ci-github", "ci-gitlab", "compose", "pulumi", "pulumi-stack", "pre-commit", "helm-template"})


def resources_of(repository: Repository, given: tuple[str, ...]) -> Resources:
    """The resources of a repository and of the paths given with it.

    A Helm chart is not rendered, as that would run what is in the repository; a note says how to.
    """
    resources, unread = gather(in_repository(repository))
    more = read(given) if given else Resources()
    notes = [*more.notes]
    for chart in repository.role("helm-chart"):
        folder = chart.path.rpartition("/")[0] or "."
        notes.append(f"{chart.path} is a chart: helm template {folder} > all.yaml, then --resources all.yaml")
    return Resources(resources + more.all, unread + more.unread, tuple(notes))


def in_repository(repository: Repository) -> Iterator[Resource | Unread]:
    other = {file.path for role in NO_MANIFESTS for file in repository.role(role)}
    for file in repository.role("yaml"):
        if file.path in other:
            continue
        try:
            if "apiVersion" in file.text:
                yield from read_text(file.text, file.path)
        except UnreadError as error:
            yield error.unread
