"""Dockerfiles: the shipped image is small, fixed, unprivileged, holds no secret, and CI builds it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import images, source
from readiness.controls.wired import wired
from readiness.facts import Facts
from readiness.facts.dockerfiles import dockerfiles, read
from readiness.facts.repository import File, Repository
from readiness.facts.shell import ENGINES, Call

DOCKER = "https://docs.docker.com/build/building/best-practices/"
NIST = "NIST SP 800-190 4.1"
VERSION = re.compile(r":v?\d+\.\d+")
# Of these a tag of two numbers is moved with every patch.
PATCHED = re.compile(r"^(python|node|golang|pytorch|tensorflow|cuda):(?!\d+\.\d+\.\d+)")
ROOT = re.compile(r"[\"']?(root|0)([\"':].*)?")


@control(
    id="D1.image-described",
    title="The repository says how its image is made",
    why="what is installed by hand cannot be built again, scanned, or rolled out by a machine",
    remedy="write a Dockerfile; two stages, FROM python:3.11.15-slim-bookworm AS build",
    severity="high",
    kind="repository",
    sources=(DOCKER,),
    subjects=source,
    needs="source code",
)
def described(repo: Repository, facts: Facts) -> Iterator[Problem]:
    recipes = [file for file in repo.files.values() if file.name in ("bentofile.yaml", "project.toml", "cog.yaml")]
    if not recipes and not any(dockerfiles(repo)):
        yield Problem("nothing here says how an image of the code is made: no Dockerfile, no bentofile.yaml")


@control(
    id="D1.image-base-pinned",
    title="Every base image has an exact version",
    why="a floating base changes under the service without a commit, and cannot be gone back to",
    remedy="FROM python:3.11.15-slim-bookworm  (or @sha256:…, which Renovate keeps up to date)",
    severity="medium",
    kind="repository",
    sources=(DOCKER, "CIS Docker Benchmark 4.2"),
    subjects=images,
)
def base_pinned(file: File, facts: Facts) -> Iterator[Problem]:
    for stage in read(file).bases:
        if "$" in stage.base:
            yield Problem(f"the base {stage.base} is an argument without a default", stage.line)
        elif not is_exact(stage.base):
            why = "has no exact version, so two builds of one commit differ"
            yield Problem(f"the base {stage.base} {why}", stage.line)


def is_exact(image: str) -> bool:
    """Whether an image is named by digest or by a tag that is not moved."""
    name = image.rpartition("/")[2]
    return "@sha256:" in image or (VERSION.search(name) is not None and not PATCHED.search(name))


@control(
    id="D1.image-non-root",
    title="The image's user is not root",
    why="whoever breaks out of a process that is root is root on the node, unless something else stops them",
    remedy="USER 10001:10001  (in the last stage, after what needs root)",
    severity="high",
    kind="repository",
    sources=("CIS Docker Benchmark 4.1", NIST),
    subjects=images,
)
def non_root(file: File, facts: Facts) -> Iterator[Problem]:
    user = read(file).last("USER")
    base = read(file).shipped[-1].base
    if user is None and "nonroot" not in base:
        yield Problem("no USER is set, so the service runs as root")
    elif user is not None and ROOT.fullmatch(user.value):
        yield Problem(f"USER {user.value} is root", user.line)


@control(
    id="D1.image-multi-stage",
    title="What builds the image does not ship in it",
    why="each compiler and cache in an image is more to scan, to pull on every new node and to break in with",
    remedy="FROM … AS build, install into /opt/venv; then FROM … and COPY --from=build /opt/venv /opt/venv",
    severity="medium",
    kind="repository",
    sources=(DOCKER,),
    subjects=images,
)
def multi_stage(file: File, facts: Facts) -> Iterator[Problem]:
    image = read(file)
    copies = [one for stage in image.shipped for one in stage.of("COPY") if "--from=" in one.value]
    if len(image.stages) < 2 or not copies:
        yield Problem("one stage builds and ships: compilers, caches and sources stay in the image", image.line)


@control(
    id="D1.image-context-limited",
    title="Only what the image needs can get into it",
    why="COPY . takes .git, .env, data and models with it, into every layer cache that keeps the image",
    remedy="printf '*\\n!src\\n!requirements\\n' > .dockerignore",
    severity="medium",
    kind="repository",
    sources=(DOCKER,),
    subjects=images,
)
def context_limited(file: File, facts: Facts) -> Iterator[Problem]:
    folder = file.path.rpartition("/")[0]
    ignores = {f"{folder}/.dockerignore", ".dockerignore", f"{file.path}.dockerignore"}
    for stage in read(file).stages:
        for one in stage.of("COPY", "ADD"):
            everything = "--from=" not in one.value and {".", "./"} & set(one.words[:-1])
            if everything and not ignores & set(facts.repository.files):
                yield Problem(f"{one.name} {one.value} takes everything, and there is no .dockerignore", one.line)


def is_build(call: Call) -> bool:
    """Whether a call builds an image; ``_`` is an engine that a Makefile looks for."""
    words = call.words[1:4]
    if call.program in ENGINES | {"_"} and any(word in words for word in ("build", "buildx", "bud", "bake")):
        return True
    bento = call.program == "bentoml" and call.has("build", "containerize")
    return bento or call.program in ("kaniko", "executor", "pack", "ko") or call.text.startswith("cog build")


@control(
    id="D1.image-built-in-ci",
    title="CI builds the image",
    why="an image that only somebody's laptop builds is not the one that was reviewed and tested",
    remedy="add a job: docker build --tag NAME:$COMMIT .",
    severity="high",
    kind="repository",
    sources=(DOCKER,),
    subjects=source,
    needs="source code",
)
def built_in_ci(repo: Repository, facts: Facts) -> Iterator[Problem]:
    yield from wired(facts, is_build, "building the image")


CONTROLS = (described, base_pinned, non_root, multi_stage, context_limited, built_in_ci)
