"""D1: what is deployed is what was built and tested, to the byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.pods import running
from readiness.facts.scalars import text
from readiness.facts.workloads import Container

IMAGES = "https://kubernetes.io/docs/concepts/containers/images/"
NIST = "NIST SP 800-190 4.2.2"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}$")
# Three numbers, or a date: what publishers of images do not move to another image afterwards.
EXACT = re.compile(r"(^|[^0-9.])\d+\.\d+\.\d+|(^|[^0-9])20\d\d-?[01]\d-?[0-3]\d")
PUBLIC = frozenset(
    {
        "docker.io",
        "gcr.io",
        "ghcr.io",
        "mcr.microsoft.com",
        "nvcr.io",
        "public.ecr.aws",
        "quay.io",
        "registry.gitlab.com",
        "registry.k8s.io",
    }
)


@dataclass(frozen=True)
class Image:
    """The parts of an image's name."""

    host: str
    path: str
    tag: str
    digest: str

    @property
    def own(self) -> bool:
        """It comes from a private registry, to which whoever deploys it also pushes."""
        return self.host not in PUBLIC


def parse(name: str) -> Image:
    """Without a host an image is one of Docker Hub, as runtimes have it."""
    rest, _, digest = name.partition("@")
    head, slash, tail = rest.partition("/")
    hosted = slash and ("." in head or ":" in head or head == "localhost")
    host, path = (head, tail) if hosted else ("docker.io", rest)
    path, _, tag = path.partition(":")
    return Image(host, path, tag, digest)


def containers(facts: Facts) -> Iterator[Container]:
    return (container for workload in running(facts.workloads) for container in workload.containers)


@control(
    id="D1.image-exact",
    title="Own images are named by digest or by a tag that cannot be moved, others at least by an exact version",
    why="a tag can be moved: two pods of one release may run different bytes, and none that were tested",
    remedy="image: REGISTRY/NAME@sha256:DIGEST; docker buildx imagetools inspect NAME:TAG prints the digest",
    severity="high",
    kind="resources",
    sources=(IMAGES, NIST),
    subjects=containers,
    alone=True,
)
def image_exact(container: Container, facts: Facts) -> Iterator[Problem]:
    name = text(container.body, "image")
    if not name:
        if container.workload.resource.kind != "InferenceService":  # there, KServe's runtime for the model names it
            yield Problem(f"container {container.name} names no image")
        return
    image = parse(name)
    if image.digest:
        if not DIGEST.match(image.digest):
            yield Problem(f"the digest of {name} is no SHA-256 of 64 digits")
    elif image.own and not (image.tag and keeps_its_tags(image, facts)):
        yield Problem(f"{name} comes from a registry of your own, and is named by tag rather than digest")
    elif not image.own and not EXACT.search(image.tag):
        tag = f"the tag {image.tag}" if image.tag else "no tag"
        yield Problem(f"{name} has {tag}, which stands for one image today and another tomorrow")


def keeps_its_tags(image: Image, facts: Facts) -> bool:
    """Whether an image comes from a planned repository of ECR that refuses to have a tag pushed twice."""
    return ".dkr.ecr." in image.host and any(
        text(one.spec, "name") == image.path and text(one.spec, "imageTagMutability") == "IMMUTABLE"
        for one in facts.resources.of("aws:ecr/repository:Repository")
    )


CONTROLS = (image_exact,)
